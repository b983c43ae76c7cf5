import { ConvexClient } from "convex/browser";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { takeUpAgain } from "./take_up_again.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(isStarting = false) {
  const state = {
    isWebSocketConnected: true,
    hasEverConnected: true,
    connectionRetries: 0,
    tries: 0,
    told: [] as string[],
  };
  const client = {
    connectionState: () => state,
    client: { webSocketManager: { tryReconnectImmediately: () => void state.tries++ } },
  };
  const line = takeUpAgain(client as unknown as ConvexClient, () => isStarting);
  line.onLost((reason) => state.told.push(reason));
  return { state, line };
}

test("a connection that is cut is tried again soon, and nobody is told when it stands in time", async () => {
  const { state, line } = watched();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.tries).toBe(0);
  for (const connected of [false, true, false, true]) {
    state.isWebSocketConnected = connected;
    await vi.advanceTimersByTimeAsync(4_000);
  }
  expect(state.tries).toBeGreaterThan(20);
  expect(state.told).toEqual([]);
  line.stop();
});

test("one that stays cut is given up, unless a backend is starting there", async () => {
  for (const isStarting of [false, true]) {
    const { state, line } = watched(isStarting);
    state.isWebSocketConnected = false;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(state.told.length > 0).toBe(!isStarting);
    line.stop();
  }
});

test("the first connection is no cut one until a try has failed", async () => {
  const { state, line } = watched();
  Object.assign(state, { isWebSocketConnected: false, hasEverConnected: false });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([state.tries, state.told]).toEqual([0, []]);
  state.connectionRetries = 1;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(state.told).not.toEqual([]);
  line.stop();
});

test("this version of the client has the way to connect at once", async () => {
  const client = new ConvexClient("http://127.0.0.1:9", { skipConvexDeploymentUrlCheck: true, logger: false });
  expect(client.client).toHaveProperty("webSocketManager.tryReconnectImmediately", expect.any(Function));
  await client.close();
});
