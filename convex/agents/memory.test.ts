/** One person's private places share what was said; a shared place neither hears of it nor is searched. The model is a peer on this machine. */
import { describe, expect, test, vi } from "vitest";
import { createBackend } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { model, says } from "../../test/model_peer.ts";
import { api } from "../_generated/api.js";

const OPERATOR = { kind: "operator", osUser: "root", as: null, channel: "cli" } as const;

async function setup() {
  const backend = createBackend();
  vi.spyOn(console, "error").mockImplementation(() => {});
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "root" });
  for (const [name, handles] of [
    ["ana", ["slack:T1/UANA", "sms:+15550100001"]],
    ["bob", ["slack:T1/UBOB", "sms:+15550100002"]],
  ] as const) {
    await t.mutation(api.people.add, { actor: OPERATOR, name, roles: [] });
    for (const handle of handles) await t.mutation(api.people.link, { actor: OPERATOR, name, handle });
  }
  const inChannel = { place: "slack:C1", channel: "slack", private: false } as const;
  return {
    anaInSlack: createChat(backend, "slack:T1/UANA"),
    anaBySms: createChat(backend, "sms:+15550100001"),
    anaInChannel: createChat(backend, "slack:T1/UANA", inChannel),
    bobBySms: createChat(backend, "sms:+15550100002"),
  };
}

const SECRET = "Kestrel";
const heard = (requests: unknown[]) => JSON.stringify(requests).includes(SECRET);

describe("C4, S7: one person, several handles, one context", () => {
  test("said in a Slack DM, continued by SMS -> the model is given it; another person's phone is not", async () => {
    const { anaInSlack, anaBySms, bobBySms } = await setup();
    await model(says("Noted."));
    await anaInSlack.ask(`our next release is called ${SECRET}`);
    const byAna = await model(says("It is the one you named."));
    await anaBySms.ask("what is our next release called?");
    expect(heard(byAna)).toBe(true);
    const byBob = await model(says("I do not know."));
    await bobBySms.ask("what is our next release called?");
    expect(byBob.length).toBeGreaterThan(0);
    expect(heard(byBob)).toBe(false);
  });

  test("a shared place searches no other thread, and what is said in it is found in no private one", async () => {
    const { anaInSlack, anaInChannel, bobBySms } = await setup();
    await model(says("Noted."));
    await anaInSlack.ask(`our next release is called ${SECRET}`);
    const shared = await model(says("I do not know."));
    await anaInChannel.ask("what is our next release called?");
    expect(shared.length).toBeGreaterThan(0);
    expect(heard(shared)).toBe(false);
    const byBob = await model(says("I do not know."));
    await bobBySms.ask("what is our next release called?");
    expect(heard(byBob)).toBe(false);
  });
});
