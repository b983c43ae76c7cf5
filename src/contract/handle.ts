/**
 * Handles and places as text.
 *
 * handle = a person's account on a platform: `slack:TEAM/USER`, `discord:USER`, `sms:+E164`, `terminal:NAME`.
 * place  = where something can be said: `slack:#name`, `slack:CHANNEL`, `slack:CHANNEL/THREAD`, `discord:CHANNEL`, `sms:+E164`,
 *          `terminal:NAME`, `cli:NAME/SESSION`. The part before the first colon is the channel kind and chooses the adapter.
 */
import { FactoryError } from "./errors.ts";

export const CHANNELS = ["terminal", "slack", "discord", "sms"] as const;
/** The platforms with an adapter. `cli` and `sdk` are ingress only: they show answers themselves. */
export type ChannelName = (typeof CHANNELS)[number];
export type IngressName = ChannelName | "cli" | "sdk" | "system";

const HANDLE_FORMS: Record<ChannelName, { pattern: RegExp; form: string; name: string }> = {
  terminal: { pattern: /^[^\s/:]{1,64}$/, form: "terminal:NAME", name: "a terminal handle" },
  slack: { pattern: /^[A-Z0-9]+\/[A-Z0-9]+$/, form: "slack:TEAM/USER", name: "a Slack handle" },
  discord: { pattern: /^\d{1,32}$/, form: "discord:USER (a number)", name: "a Discord handle" },
  sms: { pattern: /^\+[1-9]\d{6,14}$/, form: "sms:+E164, for example sms:+15550100", name: "an SMS handle" },
};

export interface Handle {
  channel: ChannelName;
  address: string;
}

export function parseHandle(text: string, field = "handle"): Handle {
  const colon = text.indexOf(":");
  const channel = text.slice(0, colon) as ChannelName;
  const form = HANDLE_FORMS[channel];
  const forms = Object.values(HANDLE_FORMS).map((known) => known.form);
  if (colon < 0 || form === undefined) {
    throw new FactoryError("invalid_input", `"${text}" is not a handle`, {
      field,
      remedy: `write one of ${forms.join(", ")}`,
    });
  }
  const address = text.slice(colon + 1);
  if (!form.pattern.test(address)) {
    throw new FactoryError("invalid_input", `"${text}" is not ${form.name}`, {
      field,
      remedy: `write ${form.form}`,
    });
  }
  return { channel, address };
}

export const formatHandle = (handle: Handle): string => `${handle.channel}:${handle.address}`;

/** The channel kind of a place or handle, null when it has none. */
export function channelOf(placeOrHandle: string): string | null {
  const colon = placeOrHandle.indexOf(":");
  return colon > 0 ? placeOrHandle.slice(0, colon) : null;
}
