import { afterEach, expect, test, vi } from "vitest";
import type { ChannelAdapter } from "../contract/adapter.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Backend } from "./backend.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { silentLogger } from "./logger.ts";

afterEach(() => void vi.useRealTimers());

/** Remembers what is told to it; has nothing to be said. */
function quietBackend() {
  const told: unknown[] = [];
  const backend = {
    url: "test",
    mutation: async (_: unknown, args: unknown) => void told.push(args),
    query: async () => null,
    onUpdate: () => () => {},
  } as unknown as Backend;
  return { backend, told };
}

function adapter(channel: "terminal" | "slack", failures: FactoryError[] = []): ChannelAdapter & { up: boolean } {
  const made = {
    channel,
    up: true,
    capabilities: {
      textLength: 1,
      buttons: false,
      edits: false,
      threads: false,
      streamEveryMs: null,
      modals: false,
      privateNotices: false,
    },
    async start() {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
    },
    connected: () => made.up,
    send: async () => ({ ok: true as const, receipt: "r" }),
    edit: async () => ({ ok: true as const, receipt: "r" }),
    stop: async () => {},
  };
  return made;
}

const start = async (...adapters: ChannelAdapter[]): Promise<Gateway> =>
  await startGateway({
    backend: quietBackend().backend,
    gatewayId: "g",
    routes: adapters.map((one) => ({ channel: one.channel, adapter: one })),
    log: silentLogger(),
  });

test("one channel that fails leaves the others on", async () => {
  const wrong = new FactoryError("platform_refused", "the token was revoked");
  const gateway = await start(adapter("terminal"), adapter("slack", [wrong]));
  expect(gateway.states()).toEqual({ terminal: "on", slack: "failed" });
  expect(gateway.failures()).toMatchObject({ slack: { message: "the token was revoked" } });
  await gateway.stop();
});

test("a channel that fails for good while it runs -> failed, and the backend is told why; wrong settings too", async () => {
  vi.useFakeTimers();
  const { backend, told } = quietBackend();
  const slack = adapter("slack");
  const { info } = new FactoryError("unauthenticated", "the token was revoked", { remedy: "set a new one" });
  const routes = [{ channel: "slack", adapter: Object.assign(slack, { failure: () => (slack.up ? null : info) }) }];
  const refused = { sms: new FactoryError("invalid_input", "no number").info };
  const gateway = await startGateway({ backend, gatewayId: "g", routes, refused, log: silentLogger() });
  slack.up = false;
  expect(gateway.states()).toEqual({ slack: "failed" });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told.at(-1)).toMatchObject({
    channels: { slack: "failed", sms: "failed" },
    failures: [
      { channel: "sms", message: "no number", remedy: null },
      { channel: "slack", message: "the token was revoked", remedy: "set a new one" },
    ],
  });
  await gateway.stop();
});

test("a platform that is away at the start is on as soon as it is there", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const away = () => new FactoryError("platform_unavailable", "Slack cannot be reached");
  const gateway = await start(adapter("slack", [away(), away()]));
  expect(gateway.states()).toEqual({ slack: "failed" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(gateway.states()).toEqual({ slack: "on" });
  await gateway.stop();
});

test("a connection that breaks later shows, and its return too", async () => {
  const slack = adapter("slack");
  const gateway = await start(slack);
  slack.up = false;
  expect(gateway.states()).toEqual({ slack: "failed" });
  slack.up = true;
  expect(gateway.states()).toEqual({ slack: "on" });
  await gateway.stop();
});
