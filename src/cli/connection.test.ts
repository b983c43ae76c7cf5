import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eachChange, watchConnection } from "./connection.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function watched() {
  const state = { connected: true, told: 0, lost: null as unknown };
  const watch = watchConnection(
    { url: "http://127.0.0.1:1", dataDir: "/data", connected: () => state.connected },
    () => {
      state.told += 1;
    },
  );
  void watch.lost.catch((thrown: unknown) => {
    state.lost = thrown;
  });
  return { state, watch };
}

test("a backend that comes back in time is waited for; each loss is told once", async () => {
  const { state, watch } = watched();
  for (const connected of [true, false, true, false, true]) {
    state.connected = connected;
    await vi.advanceTimersByTimeAsync(20_000);
  }
  expect(state).toMatchObject({ told: 2, lost: null });
  watch.stop();
});

test("one that stays away -> backend_unavailable after 30 s", async () => {
  const { state, watch } = watched();
  state.connected = false;
  await vi.advanceTimersByTimeAsync(29_000);
  expect(state.lost).toBeNull();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(state.lost).toMatchObject({
    info: { code: "backend_unavailable", retryable: true, field: "FACTORY_DATA_DIR" },
  });
  watch.stop();
});

test("the state that a connection made again begins with is told once; one that comes back later is a change", () => {
  const told: object[] = [];
  const look = eachChange((state: object) => told.push(state));
  for (const status of ["running", "running", "waiting", "waiting", "running"]) look({ status });
  expect(told).toEqual([{ status: "running" }, { status: "waiting" }, { status: "running" }]);
});
