/** The words on which carriers act themselves, when they are the whole of a text message: opting out, and back in. */

export const STOP = [
  "stop",
  "stopall",
  "stop all",
  "unsubscribe",
  "cancel",
  "end",
  "quit",
  "revoke",
  "optout",
  "opt out",
  "opt-out",
];
/** YES opts in on some numbers; it does so only for somebody who has opted out. */
export const START = ["start", "unstop"];

export type CarrierWord = "stop" | "start" | null;

/** `optedOut`: whether the sender has opted out before. */
export function carrierWord(text: string, optedOut: boolean): CarrierWord {
  const word = text.trim().toLowerCase().replaceAll(/\s+/g, " ").replace(/[.!]$/, "");
  if (STOP.includes(word)) return "stop";
  if (START.includes(word) || (optedOut && word === "yes")) return "start";
  return null;
}
