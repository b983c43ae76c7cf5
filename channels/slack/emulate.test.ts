/** The Web API part against `emulate`, which nobody here wrote: what it takes and gives is somebody else's reading of Slack. */
import { createEmulator } from "emulate";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OutMessage } from "../../src/contract/message.ts";
import { textAt } from "../../src/contract/untrusted.ts";
import { delivery } from "../../test/contracts/adapter_suite.ts";
import { createMemoryBackend } from "../../test/contracts/memory_backend.ts";
import { CARD, CARDS, MESSAGES } from "../../test/contracts/messages.ts";
import { createDirectory } from "./directory.ts";
import { renderHome } from "./home.ts";
import { SCOPES } from "./manifest.ts";
import { createModals } from "./modals.ts";
import { createSender, type Sender } from "./send.ts";
import { createWeb } from "./web.ts";

const BOT = "factory";
let emulator: { url: string; close(): Promise<unknown> };
let web: ReturnType<typeof createWeb>;
let sender: Sender;
let eng: string;
let ana: string;
let team: string;
let userId: string;

beforeAll(async () => {
  emulator = await createEmulator({
    service: "slack",
    port: 0,
    seed: {
      slack: {
        team: { name: "Workspace", domain: "workspace" },
        users: [
          { name: "ana", real_name: "Ana", email: "ana@example.com" },
          { name: BOT, real_name: "Factory", email: "bot@example.com" },
        ],
        channels: [{ name: "eng" }],
        strict_scopes: true,
        tokens: [
          {
            token: "xoxb-1",
            user: BOT,
            scopes: [...Object.keys(SCOPES), "users:read", "channels:join", "channels:manage"],
          },
        ],
      },
    },
  });
  web = createWeb("xoxb-1", `${emulator.url}/api`, () => {});
  const me = await web.auth.test();
  [team, userId] = [me.team_id!, me.user_id!];
  const { channels = [] } = await web.conversations.list({ types: "public_channel" });
  eng = channels.find(({ name }) => name === "eng")!.id!;
  await web.conversations.join({ channel: eng });
  const { members = [] } = await web.users.list({});
  ana = members.find(({ name }) => name === "ana")!.id!;
  sender = createSender({ web, directory: createDirectory(web, Date.now), userId, log: () => {} });
});
afterAll(async () => await emulator?.close());

const text = (words: string, onlyTo: string | null = null): OutMessage => ({ kind: "text", text: words, onlyTo });
const said = async () => (await web.conversations.history({ channel: eng, limit: 200 })).messages ?? [];

test("every message and card is posted and edited", async () => {
  const all = [...Object.values(MESSAGES), ...Object.values(CARDS).map((card): OutMessage => ({ kind: "card", card }))];
  for (const message of all) {
    const one = delivery(`slack:${eng}`, message);
    const result = await sender.send(one);
    expect(result).toMatchObject({ ok: true });
    if (result.ok) expect(await sender.edit(one, result.receipt)).toMatchObject({ ok: true });
  }
});

test("O9: what was posted is found by its key, and not posted again", async () => {
  const once = delivery(`slack:${eng}`, text("said once, whatever happens"));
  const first = await sender.send(once);
  const again = await sender.send({ ...once, tries: 1 });
  expect(again).toEqual(first);
  expect((await said()).filter((message) => message.text === "said once, whatever happens")).toHaveLength(1);
});

test("threads, direct messages and notices for one person", async () => {
  const root = await sender.send(delivery(`slack:${eng}`, text("a root")));
  if (!root.ok) throw new Error(root.error.message);
  const inThread = delivery(`slack:${root.receipt}`, text("below it"));
  expect(await sender.send(inThread)).toMatchObject({ ok: true });
  expect(await sender.send({ ...inThread, tries: 1 })).toMatchObject({ ok: true });
  const { messages = [] } = await web.conversations.replies({ channel: eng, ts: root.receipt.split("/")[1]! });
  expect(messages.map((message) => message.text)).toEqual(["a root", "below it"]);
  expect(await sender.send(delivery(`slack:${team}/${ana}`, text("to you")))).toMatchObject({ ok: true });
  const notice = await sender.send(delivery(`slack:${eng}`, text("between us", `slack:${team}/${ana}`)));
  expect(notice).toMatchObject({ ok: true, receipt: expect.stringContaining("/ephemeral") });
  expect((await said()).some((message) => message.text === "between us")).toBe(false);
});

test("A10: what it refuses is refused with a remedy, for good", async () => {
  const refused = await sender.send(delivery("slack:CNOWHERE", text("to nobody")));
  expect(refused).toMatchObject({
    ok: false,
    error: { code: "platform_refused", retryable: false, remedy: expect.any(String) },
  });
  const { channel } = await web.conversations.create({ name: "old" });
  await web.conversations.archive({ channel: channel!.id! });
  const archived = await sender.send(delivery(`slack:${channel!.id}`, text("too late")));
  expect(archived).toMatchObject({ ok: false, error: { message: expect.stringContaining("archived") } });
  // A token without any scope.
  const bare = createWeb("xoxb-2", `${emulator.url}/api`, () => {});
  const without = createSender({ web: bare, directory: createDirectory(bare, Date.now), userId, log: () => {} });
  expect(await without.send(delivery(`slack:${eng}`, text("who?")))).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining("chat:write"), remedy: expect.stringContaining("reinstall") },
  });
});

test("windows and the home page are taken", async () => {
  const backend = createMemoryBackend();
  backend.cards.set(CARD.approvalId, CARD);
  const modals = createModals(web, backend.lookups, createDirectory(web, Date.now));
  const trigger = async () => {
    return textAt(await web.apiCall("views.generateTriggerId", { user_id: ana }), "trigger_id")!;
  };
  const where = { place: `slack:${eng}`, private: false };
  const handle = `slack:${team}/${ana}`;
  const reason = { kind: "reason", approvalId: "a1", option: "no", required: true, question: "Ship?", where } as const;
  await modals.open(reason, await trigger(), handle);
  await modals.open({ kind: "view", approvalId: CARD.approvalId, where }, await trigger(), handle);
  await web.views.publish({ user_id: ana, view: renderHome({ person: "Ana", questions: [CARD], runs: [] }, handle) });
  await expect(modals.open(reason, "no such trigger", handle)).rejects.toThrow();
});
