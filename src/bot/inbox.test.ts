import { expect, test } from "vitest";
import { FactoryError } from "../contract/errors.ts";
import type { InboundEvent } from "../contract/inbound.ts";
import type { Backend } from "./backend.ts";
import { createInbox } from "./inbox.ts";
import { silentLogger } from "./logger.ts";

const event: InboundEvent = {
  kind: "message",
  channel: "terminal",
  eventId: "terminal:1",
  messageId: "1",
  place: "terminal:ana",
  threadKey: null,
  private: true,
  sender: { handle: "terminal:ana", displayName: null },
  sentAt: 1,
  text: "hello",
};

/** A backend that fails these times first. */
function backendThat(failures: Error[], always: Error | null = null) {
  let calls = 0;
  const mutation = async () => {
    calls++;
    const failure = always ?? failures.shift();
    if (failure !== undefined && failure !== null) throw failure;
    return { stored: true, inboundId: "i1" };
  };
  return { calls: () => calls, backend: { mutation } as unknown as Pick<Backend, "mutation"> };
}
const inboxOn = (backend: Pick<Backend, "mutation">, signal = new AbortController().signal) =>
  createInbox(backend, silentLogger(), signal);

test("the backend away, then its disk full, then there -> stored, and only then received", async () => {
  const { backend, calls } = backendThat([
    new FactoryError("backend_unavailable", "away"),
    new FactoryError("disk_full", "full"),
  ]);
  expect(await inboxOn(backend).receive(event)).toEqual({ stored: true, inboundId: "i1" });
  expect(calls()).toBe(3);
});

test("refused for good -> rejects at once", async () => {
  const { backend, calls } = backendThat([], new FactoryError("invalid_input", "no"));
  await expect(inboxOn(backend).receive(event)).rejects.toMatchObject({ info: { code: "invalid_input" } });
  expect(calls()).toBe(1);
});

test("what is no event is refused with the field, and never sent", async () => {
  const { backend, calls } = backendThat([]);
  await expect(inboxOn(backend).receive({ ...event, place: "" })).rejects.toMatchObject({
    info: { code: "invalid_input", field: "place" },
  });
  expect(calls()).toBe(0);
});

test("stopping ends the waiting", async () => {
  const stopping = new AbortController();
  const { backend } = backendThat([], new FactoryError("backend_unavailable", "away"));
  const receiving = inboxOn(backend, stopping.signal).receive(event);
  stopping.abort();
  await expect(receiving).rejects.toThrow();
});
