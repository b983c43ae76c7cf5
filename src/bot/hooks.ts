/**
 * `POST /hooks/NAME`: an event from outside, signed with the secret of that name.
 *
 *   x-factory-signature: t=SECONDS,v1=HEX    HMAC-SHA256 over `SECONDS.body` with HOOK_SECRET_NAME; at most 5 minutes old
 *   x-factory-event: ID                      optional: a sender that repeats an event under a new signature gives it the same id
 *
 * Answered with success only after the backend has stored it. What was taken before is answered alike and changes nothing.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { FactoryError, toErrorInfo } from "../contract/errors.ts";
import { HOOK_NAME, hookVariable } from "../flow/hook_name.ts";
import { type Backend, functions } from "./backend.ts";
import type { Env } from "./config.ts";
import type { HttpReply, HttpRequest, Routes } from "./http.ts";

const WINDOW_S = 5 * 60;
const LARGEST_BODY = 256 * 1024;
const SIGNATURE = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/i;
const EVENT_ID = /^[\x21-\x7e]{1,128}$/;

export interface HookOptions {
  backend: Pick<Backend, "mutation">;
  env: Env;
  /** Ms since 1970. */
  now?: () => number;
}

export function hookRoutes(options: HookOptions): Routes {
  return { "POST /hooks/*": async (request) => await receive(request, options) };
}

async function receive(request: HttpRequest, { backend, env, now = Date.now }: HookOptions): Promise<HttpReply> {
  const name = request.path.slice("/hooks/".length);
  const secret = HOOK_NAME.test(name) ? env[hookVariable(name)] : undefined;
  if (secret === undefined || secret === "") {
    const remedy = HOOK_NAME.test(name) ? `set ${hookVariable(name)} and restart the bot` : "check the address";
    return refused(404, new FactoryError("not_found", "there is no such hook", { remedy }));
  }
  const body = await bodyOf(request);
  if (body === null) {
    return refused(413, new FactoryError("too_large", `the body is larger than ${LARGEST_BODY} bytes`), true);
  }
  const signed = checkSignature(header(request, "x-factory-signature"), body, secret, now());
  if ("problem" in signed) return refused(401, new FactoryError("unauthenticated", signed.problem));
  const eventId = header(request, "x-factory-event");
  if (eventId !== null && !EVENT_ID.test(eventId)) {
    const field = "x-factory-event";
    return refused(
      400,
      new FactoryError("invalid_input", "the event's id is not 1 to 128 plain characters", { field }),
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    JSON.parse(text);
  } catch {
    return refused(400, new FactoryError("invalid_input", "the body is not JSON", { field: "body" }));
  }
  try {
    // The signature names the very request; the id, where the sender gives one, what it is about.
    const taken = await backend.mutation(functions.hooks.receive, {
      name,
      key: signed.key,
      body: text,
      ...(eventId === null ? {} : { eventId }),
    });
    return { status: taken.duplicate ? 200 : 202, body: { accepted: true, ...taken } };
  } catch (thrown) {
    const { code } = toErrorInfo(thrown);
    const status = code === "invalid_input" ? 400 : code === "too_large" ? 413 : 503;
    return { status, body: { error: toErrorInfo(thrown) } };
  }
}

/** Null: too large. */
async function bodyOf(request: HttpRequest): Promise<Buffer | null> {
  const announced = Number(header(request, "content-length") ?? 0);
  if (announced > LARGEST_BODY) return null;
  const body = await request.body();
  return body.length > LARGEST_BODY ? null : body;
}

/** `key` is the same for the same request, so that it counts once. */
export function checkSignature(
  given: string | null,
  body: Buffer,
  secret: string,
  nowMs: number,
): { key: string } | { problem: string } {
  const match = SIGNATURE.exec(given?.replaceAll(" ", "") ?? "");
  if (match === null) return { problem: "x-factory-signature must be t=SECONDS,v1=HEX" };
  const [seconds, hex] = [match[1]!, match[2]!.toLowerCase()];
  const expected = createHmac("sha256", secret).update(`${seconds}.`).update(body).digest();
  // First the signature: who cannot sign learns nothing of our clock.
  if (!timingSafeEqual(expected, Buffer.from(hex, "hex"))) return { problem: "the signature does not fit the body" };
  if (Math.abs(nowMs / 1000 - Number(seconds)) > WINDOW_S)
    return { problem: "the signature is too old, or of tomorrow" };
  return { key: `${seconds}.${hex}` };
}

function header(request: HttpRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}

/** `close`: what is left of the request is not read any more. */
const refused = (status: number, error: FactoryError, close = false): HttpReply => ({
  status,
  body: { error: error.info },
  ...(close ? { headers: { connection: "close" } } : {}),
});
