/**
 * The same control surface over HTTP, for a page and for scripts:
 *   GET  /control/phones                          everybody's phone with what stands on it
 *   POST /control/phones/NUMBER/text  {body, media?}   its owner writes to the bot
 *   POST /control/phones/NUMBER       {kind?, name?}   switched off, a landline …
 *   POST /control/faults              {on, fault, times?, skip?, where?}
 */
import type { FaultOrder } from "../faults.ts";
import { readFields, type SimHandler } from "../http.ts";
import type { TwilioSimulator } from "./index.ts";
import { segmentsOf } from "./segments.ts";
import type { Phone, TwilioMessage } from "./types.ts";

export function createControl(simulator: Omit<TwilioSimulator, "handler">): SimHandler {
  return async (request) => {
    const [, number, action] = /^\/control\/phones(?:\/([^/]+))?(?:\/(text))?$/.exec(request.path) ?? [];
    const post = request.method === "POST";
    if (request.path === "/control/faults" && post) {
      simulator.order((await readFields(request)) as unknown as FaultOrder);
      return { status: 200, body: { ok: true } };
    }
    if (request.path === "/control/phones" && request.method === "GET") {
      return { status: 200, body: { number: simulator.env.TWILIO_FROM, phones: phonesOf(simulator) } };
    }
    if (number === undefined || !post) return null;
    const from = decodeURIComponent(number);
    const fields = await readFields(request);
    if (action === "text") {
      const { message, webhook } = await simulator.text({
        from,
        body: String(fields.body ?? ""),
        ...(Array.isArray(fields.media) ? { media: fields.media.map(String) } : {}),
      });
      return { status: 200, body: { sid: message.sid, webhook: webhook?.status ?? null } };
    }
    const { kind, name } = fields as Partial<Phone>;
    simulator.setPhone(from, { ...(kind === undefined ? {} : { kind }), ...(name === undefined ? {} : { name }) });
    return { status: 200, body: { ok: true } };
  };
}

export interface PhoneView {
  number: string;
  name: string;
  kind: Phone["kind"];
  optedOut: boolean;
  messages: {
    sid: string;
    mine: boolean;
    body: string;
    media: string[];
    at: number;
    segments: number;
    encoding: string;
  }[];
}

export function phonesOf(simulator: Omit<TwilioSimulator, "handler">): PhoneView[] {
  return simulator.state.phones.values().map(({ number, name, kind, optedOut }) => ({
    number,
    name,
    kind,
    optedOut: optedOut.length > 0,
    messages: simulator.read(number).map((message: TwilioMessage) => ({
      sid: message.sid,
      mine: message.from === number,
      body: message.body,
      media: message.media,
      at: message.arrivedAt ?? message.createdAt,
      segments: message.numSegments,
      encoding: segmentsOf(message.body).encoding,
    })),
  }));
}
