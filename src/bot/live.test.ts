import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Backend } from "./backend.ts";
import { createLivePage, liveToken } from "./live.ts";
import { silentLogger } from "./logger.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Four subscriptions; `says` is a change of the first, the runs. */
function watched() {
  const changed: ((value: unknown) => void)[] = [];
  let standing = 0;
  const backend = {
    onUpdate: (_: unknown, __: unknown, told: (value: unknown) => void) => {
      changed.push(told);
      standing++;
      return () => void standing--;
    },
  } as unknown as Backend;
  const page = createLivePage({ backend, secret: "s", log: silentLogger() });
  const ask = (authorization: string) =>
    page.routes["GET /live/events"]!({
      ...{ method: "GET", path: "/live/events", url: new URL("http://bot.invalid/live/events") },
      ...{ headers: { authorization }, body: async () => Buffer.alloc(0) },
    });
  return { page, ask, says: (value: unknown) => changed[0]?.(value), standing: () => standing };
}
const BEARER = `Bearer ${liveToken("s")}`;
const read = (stream: unknown): string => String((stream as Readable).read() ?? "");

test.each(["", "Bearer ", `Bearer ${liveToken("other")}`, `Basic ${liveToken("s")}`])(
  "without its token (%s) nothing is shown and nothing subscribed to",
  async (authorization) => {
    const { ask, standing } = watched();
    expect(await ask(authorization)).toMatchObject({ status: 401 });
    expect(standing()).toBe(0);
  },
);

test("many changes at once are told as one; who comes later is told what is; the last who leaves ends the subscriptions", async () => {
  const { ask, says, standing } = watched();
  const [first, second] = [await ask(BEARER), await ask(BEARER)];
  expect(standing()).toBe(4);
  for (let n = 0; n < 100; n++) says([n]);
  await vi.advanceTimersByTimeAsync(300);
  expect(read(first.body)).toBe(": listening\n\nevent: runs\ndata: [99]\n\n");
  const third = await ask(BEARER);
  expect(read(third.body)).toContain("data: [99]");
  for (const { body } of [first, second, third]) {
    expect(body).toBeInstanceOf(Readable);
    (body as Readable).destroy();
  }
  await vi.advanceTimersByTimeAsync(1);
  expect(standing()).toBe(0);
});

test("a browser that does not read is left behind, others are told on; the end closes all", async () => {
  const { page, ask, says, standing } = watched();
  const [lazy, keen] = [(await ask(BEARER)).body as Readable, (await ask(BEARER)).body as Readable];
  for (let n = 0; n < 8; n++) {
    says("x".repeat(1_000_000));
    await vi.advanceTimersByTimeAsync(300);
    read(keen);
  }
  expect([lazy.destroyed, keen.destroyed]).toEqual([true, false]);
  page.close();
  await vi.advanceTimersByTimeAsync(1);
  expect([keen.destroyed, standing()]).toEqual([true, 0]);
});
