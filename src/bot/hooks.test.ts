/** I8 for hooks: signature over the raw body, time window, size, and that success is said only after the backend took it. */
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { FactoryError } from "../contract/errors.ts";
import { checkSignature, hookRoutes } from "./hooks.ts";
import type { HttpReply } from "./http.ts";

const SECRET = "s3cret";
const NOW = 1_800_000_000_000;
const seconds = (offsetS = 0) => `${NOW / 1000 + offsetS}`;
const sign = (body: string | Buffer, t = seconds(), secret = SECRET) =>
  `t=${t},v1=${createHmac("sha256", secret).update(`${t}.`).update(body).digest("hex")}`;

function hooks(result: unknown = { duplicate: false, eventId: "e", started: ["r"], refused: 0, resumed: 0 }) {
  const calls: unknown[] = [];
  const backend = {
    mutation: async (_ref: unknown, args: unknown) => {
      calls.push(args);
      if (result instanceof Error) throw result;
      return result;
    },
  };
  const route = hookRoutes({ backend: backend as never, env: { HOOK_SECRET_DEPLOY_DONE: SECRET }, now: () => NOW })[
    "POST /hooks/*"
  ]!;
  const post = async (body: string | Buffer, headers: Record<string, string> = {}, path = "/hooks/deploy-done") =>
    await route({
      method: "POST",
      path,
      url: new URL(`http://bot.invalid${path}`),
      headers: { "x-factory-signature": sign(body), ...headers },
      body: async () => Buffer.from(body),
    });
  return { calls, post };
}
const codeOf = (reply: HttpReply) => (reply.body as { error: { code: string } }).error.code;

describe("POST /hooks/NAME", () => {
  test("a signed body is handed on as it came, under a key that names this very request", async () => {
    const { post, calls } = hooks();
    const body = '{ "version": "1.2" }';
    expect(await post(body, { "x-factory-event": "build-7" })).toMatchObject({ status: 202, body: { accepted: true } });
    const hex = sign(body).split("v1=")[1];
    expect(calls).toEqual([{ name: "deploy-done", key: `${seconds()}.${hex}`, body, eventId: "build-7" }]);
  });

  test("one that was taken before is answered with success", async () => {
    const { post } = hooks({ duplicate: true, eventId: "e", started: ["r"], refused: 0, resumed: 0 });
    expect(await post("{}")).toMatchObject({ status: 200, body: { duplicate: true, started: ["r"] } });
  });

  test.each<[string, number, Record<string, string>, string | undefined]>([
    ["no signature", 401, { "x-factory-signature": "" }, undefined],
    ["another secret", 401, { "x-factory-signature": sign("{}", seconds(), "other") }, undefined],
    ["another body", 401, { "x-factory-signature": sign("{ }") }, undefined],
    ["six minutes old", 401, { "x-factory-signature": sign("{}", seconds(-360)) }, undefined],
    ["six minutes ahead", 401, { "x-factory-signature": sign("{}", seconds(360)) }, undefined],
    ["a hook without a secret", 404, {}, "/hooks/other"],
    ["a path that is no name", 404, {}, "/hooks/../healthz"],
    ["an id with blanks", 400, { "x-factory-event": "a b" }, undefined],
    ["announced as too large", 413, { "content-length": "9999999" }, undefined],
  ])("%s -> %i, and the backend hears nothing", async (_what, status, headers, path) => {
    const { post, calls } = hooks();
    expect((await post("{}", headers, path)).status).toBe(status);
    expect(calls).toEqual([]);
  });

  test("four minutes old is in time", async () => {
    expect((await hooks().post("{}", { "x-factory-signature": sign("{}", seconds(-240)) })).status).toBe(202);
  });

  test.each([
    ["text", "hello"],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x22])],
    ["nothing", ""],
  ])("%s -> 400 invalid_input", async (_what, body) => {
    const { post, calls } = hooks();
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expect(codeOf(reply)).toBe("invalid_input");
    expect(calls).toEqual([]);
  });

  test("too large -> 413", async () => {
    expect((await hooks().post(JSON.stringify("x".repeat(300_000)))).status).toBe(413);
  });

  test("the backend is away -> 503, so that the sender sends it again", async () => {
    const { post } = hooks(new FactoryError("backend_unavailable", "away"));
    const reply = await post("{}");
    expect(reply.status).toBe(503);
    expect(codeOf(reply)).toBe("backend_unavailable");
  });

  test("no header but the right one is accepted, and none breaks the check", () => {
    const body = Buffer.from("{}");
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (given) => {
        expect(checkSignature(given, body, SECRET, NOW)).toHaveProperty("problem");
      }),
      { numRuns: 200 },
    );
    expect(checkSignature(sign(body), body, SECRET, NOW)).toHaveProperty("key");
    expect(checkSignature(sign(body).replace("t=", "t=0"), body, SECRET, NOW)).toHaveProperty("problem");
  });
});
