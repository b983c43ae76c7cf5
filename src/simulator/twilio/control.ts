/**
 * The control surface over HTTP, for the page and for programs. Mounted under a path of its own; paths here are behind that mount:
 *   GET  /phones                             everybody's phone with what stands on it
 *   GET  /changes                            server-sent events: something visible changed
 *   POST /phones/NUMBER/text  {body, media?} its owner writes to the bot
 *   POST /phones/NUMBER       {kind?, name?} switched off, a landline …
 *   POST /faults              {on, fault, times?, skip?, where?}
 */
import { PassThrough } from "node:stream";
import type { FaultOrder } from "../faults.ts";
import { readFields, type SimHandler, type SimReply } from "../http.ts";
import type { TwilioSimulator } from "./index.ts";
import { segmentsOf } from "./segments.ts";
import type { Phone, TwilioMessage } from "./types.ts";

type Simulator = Omit<TwilioSimulator, "handler" | "control">;

/** Keeps proxies and browsers from giving the stream up. */
const KEEP_ALIVE_MS = 15_000;

export function createControl(simulator: Simulator): SimHandler {
  return async (request) => {
    const [, number, action] = /^\/phones(?:\/([^/]+))?(?:\/(text))?$/.exec(request.path) ?? [];
    const post = request.method === "POST";
    // A form of another site could otherwise write as one of these people.
    if (post && request.headers["content-type"]?.startsWith("application/json") !== true) {
      return { status: 415, body: { ok: false, error: "send JSON" } };
    }
    if (request.path === "/faults" && post) {
      simulator.order((await readFields(request)) as unknown as FaultOrder);
      return { status: 200, body: { ok: true } };
    }
    if (request.path === "/phones" && request.method === "GET") {
      return { status: 200, body: { number: simulator.env.TWILIO_FROM, phones: phonesOf(simulator) } };
    }
    if (request.path === "/changes" && request.method === "GET") return stream(simulator);
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

function stream({ feed }: Simulator): SimReply {
  const body = new PassThrough();
  body.write("retry: 500\n\ndata: hello\n\n");
  const stop = feed.listen(
    () => body.write("data: changed\n\n"),
    () => body.end(),
  );
  const keepAlive = setInterval(() => void body.write(": here\n\n"), KEEP_ALIVE_MS);
  keepAlive.unref();
  body.on("close", () => {
    stop();
    clearInterval(keepAlive);
  });
  return {
    status: 200,
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
    body,
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

export function phonesOf(simulator: Simulator): PhoneView[] {
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
