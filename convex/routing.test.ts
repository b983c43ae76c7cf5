// @vitest-environment edge-runtime
/** Where a message goes once it is stored: to the question it answers, to a command, else into the conversation. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { passUntil } from "../test/backend.ts";
import { approve } from "../test/runs.ts";
import { api } from "./_generated/api.js";
import { DEPLOY, GO_ON, setup, words } from "./inbound.test-support.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("routing of answers", () => {
  test.each([
    ["yes", "yes"],
    ["YES.", "yes"],
    ["y", "yes"],
    ["approve", "yes"],
    ["1", "yes"],
    ["no", "no"],
    ["Deny!", "no"],
    ["2", "no"],
  ])("with one question open, %s settles %s", async (text, option) => {
    const { send, ask, approval } = await setup();
    const { approvalId } = await ask();
    const { route, replies } = await send(text);
    expect(route).toBe("answer");
    expect(replies).toHaveLength(1);
    expect(await approval(approvalId)).toMatchObject({ status: "answered", outcome: { option } });
  });

  test.each(["no, don't approve", "disallow", "ok", "yes but tomorrow", "yes!!", "maybe", "I say yes"])(
    "B5: %s settles nothing, and the reply names the words that count",
    async (text) => {
      const { t, send, ask, approval, said } = await setup();
      const { approvalId } = await ask();
      expect((await send(text)).route).toBe("conversation");
      expect(await approval(approvalId)).toMatchObject({ status: "pending" });
      await passUntil("the turn has ended", async () => {
        const { openTurns } = await t.query(api.conversations.busy, { place: "terminal:root" });
        return openTurns === 0;
      });
      const reply = words((await said()).at(-1)!);
      expect(reply).toContain("Go on?");
      expect(reply).toMatch(/YES/);
      expect(await approval(approvalId)).toMatchObject({ status: "pending" });
    },
  );

  test("B4: a code that is not open for that person -> nothing is settled, and the reply names the code and the words that count", async () => {
    const { send, ask, approval } = await setup();
    const { approvalId, code } = await ask();
    const other = code === "9W" ? "7W" : "9W";
    const { route, replies } = await send(`yes ${other} please`);
    expect(route).toBe("answer");
    expect(replies).toHaveLength(1);
    expect(replies[0]).toContain(`No question with the code ${other} is open for you`);
    expect(replies[0]).toContain("Only these words answer it: YES or NO");
    expect(await approval(approvalId)).toMatchObject({ status: "pending" });
  });

  test("with a code and a reason", async () => {
    const { send, ask, approval } = await setup();
    const { approvalId, code } = await ask();
    await send(`no ${code} too risky`);
    expect(await approval(approvalId)).toMatchObject({
      outcome: { option: "no", reason: "too risky", channel: "terminal" },
    });
  });

  test("two open: a bare word settles none and lists both with their codes; with its code it settles that one", async () => {
    const { send, ask, approval } = await setup();
    const first = await ask();
    const second = await ask();
    const { replies } = await send("yes");
    expect(replies[0]).toContain(first.code);
    expect(replies[0]).toContain(second.code);
    expect(await approval(first.approvalId)).toMatchObject({ status: "pending" });
    await send(`yes ${second.code}`);
    expect(await approval(first.approvalId)).toMatchObject({ status: "pending" });
    expect(await approval(second.approvalId)).toMatchObject({ status: "answered" });
  });

  test("several codes settle several and report each", async () => {
    const { send, ask, approval } = await setup();
    const first = await ask();
    const second = await ask();
    const { replies } = await send(`yes ${first.code} ${second.code}`);
    expect(replies[0]).toContain(`${first.code}:`);
    expect(replies[0]).toContain(`${second.code}:`);
    expect(await approval(first.approvalId)).toMatchObject({ status: "answered" });
    expect(await approval(second.approvalId)).toMatchObject({ status: "answered" });
  });

  test("a late answer by code is told who decided", async () => {
    const { send, ask } = await setup();
    const { code } = await ask();
    await send("yes");
    const { route, replies } = await send(`no ${code}`);
    expect(route).toBe("answer");
    expect(replies[0]).toMatch(/already|root/i);
  });

  test("with nothing open, yes is conversation", async () => {
    const { send } = await setup();
    expect((await send("yes")).route).toBe("conversation");
  });

  test("a button settles by id; a second press is told in private how it ended", async () => {
    const { receive, event, ask, approval, said } = await setup();
    const { approvalId } = await ask();
    const press = (option: string) => ({
      ...event(""),
      kind: "action" as const,
      approvalId,
      option,
      reason: null,
      fields: null,
    });
    await receive(press("yes"));
    expect(await approval(approvalId)).toMatchObject({ status: "answered", outcome: { option: "yes" } });
    const before = (await said()).length;
    await receive({ ...press("no"), private: false });
    const notice = (await said())[before];
    expect(notice).toMatchObject({ kind: "text", onlyTo: "terminal:root" });
    expect(await approval(approvalId)).toMatchObject({ outcome: { option: "yes" } });
  });

  test("a button of a question that does not exist -> a plain reply, no retry", async () => {
    const { receive, event, stored } = await setup();
    await receive({ ...event(""), kind: "action", approvalId: "nonsense", option: "yes", reason: null, fields: null });
    expect((await stored())[0]).toMatchObject({ status: "routed", route: "refused" });
  });
});

describe("routing of commands", () => {
  test("/workflow run starts the workflow once, with its inputs", async () => {
    const { send, install, rows } = await setup();
    await install(DEPLOY);
    const { route, replies } = await send("/workflow run deploy version=1.2");
    expect(route).toBe("command");
    expect(replies[0]).toContain("Started **deploy**");
    expect(replies[0]).toContain("Deploy 1.2?");
    expect(await rows("runs")).toHaveLength(1);
    expect((await rows("runs"))[0]).toMatchObject({ input: '{"version":"1.2"}', startedByShown: "root" });
  });

  test("by SMS without the slash, in any case", async () => {
    const { send, install, rows, t } = await setup();
    await install(DEPLOY);
    const actor = { kind: "operator" as const, osUser: "root", as: null, channel: "cli" };
    await t.mutation(api.people.link, { actor, name: "root", handle: "sms:+15550100" });
    const phone = { channel: "sms", place: "sms:+15550100", sender: { handle: "sms:+15550100", displayName: null } };
    expect((await send("run deploy version=1.2", phone)).route).toBe("command");
    expect(await rows("runs")).toHaveLength(1);
    expect((await send("PENDING", phone)).replies[0]).toContain("Deploy 1.2?");
    expect((await send("help", phone)).replies[0]).toContain("RUN NAME");
  });

  test("a platform's slash command goes the same way", async () => {
    const { receive, event, install, rows } = await setup();
    await install(DEPLOY);
    const command = { ...event(""), kind: "command" as const, command: "workflow", text: "run deploy version=1.2" };
    await receive(command);
    await receive(command);
    expect(await rows("runs")).toHaveLength(1);
  });

  test("status, list, pending, cancel", async () => {
    const { send, install, run } = await setup();
    await install(DEPLOY);
    expect((await send("/workflow status")).replies[0]).toContain("You have started no runs");
    expect((await send("/pending")).replies[0]).toContain("Nothing is waiting for you");
    const started = (await send("/workflow run deploy version=1.2")).replies[0]!;
    const runId = /run (\w{10,})/.exec(started)![1]!;
    expect((await send("/workflow list")).replies[0]).toContain("deploy");
    expect((await send("/workflow status")).replies[0]).toContain(runId);
    expect((await send(`/workflow status ${runId}`)).replies[0]).toContain("ask: waiting");
    const pending = (await send("/pending")).replies[0]!;
    expect(pending).toContain("Deploy 1.2?");
    expect(pending).toContain("just now");
    expect((await send(`/workflow cancel ${runId}`)).replies[0]).toBe(`deploy (run ${runId}) cancelled.`);
    expect(await run(runId)).toMatchObject({ status: "cancelled" });
    expect((await send("/pending")).replies[0]).toContain("Nothing is waiting for you");
  });

  test("/approve and /deny settle by code; a wrong code is refused by name", async () => {
    const { send, ask, approval } = await setup();
    const first = await ask();
    const second = await ask();
    await send(`/approve ${first.code}`);
    await send(`/deny ${second.code} too risky`);
    expect(await approval(first.approvalId)).toMatchObject({ outcome: { option: "yes" } });
    expect(await approval(second.approvalId)).toMatchObject({ outcome: { option: "no", reason: "too risky" } });
    expect((await send("/approve 9ZZZ")).replies[0]).toContain("/pending");
  });

  test("what a command refuses is the reply, with the remedy, and leaves nothing behind", async () => {
    const { send, install, rows, stored } = await setup();
    await install(DEPLOY);
    expect((await send("/workflow run deploi version=1")).replies[0]).toContain("deploi");
    expect((await send("/workflow run deploy")).replies[0]).toContain("version");
    expect((await send("/workflow cancel nonsense")).replies[0]).toContain("nonsense");
    expect((await send("/workflow start deploy")).replies[0]).toContain("Usage");
    expect((await send("/nonsense")).replies[0]).toContain("/nonsense");
    expect(await rows("runs")).toEqual([]);
    expect((await stored()).every((row) => row.status === "routed")).toBe(true);
  });

  test("C4: a shared place is told what was asked in one, without codes, and of the rest only how many and where to look", async () => {
    const { send, ask, start } = await setup();
    const shared = { private: false, place: "terminal:shared" };
    const pending = async () => (await send("/pending", shared)).replies[0]!;
    const { code } = await ask({
      ...GO_ON,
      nodes: { ...GO_ON.nodes, ask: approve("Raise Bo's pay?", "after", "done") },
    });
    expect(await pending()).toBe(
      "Questions that wait for you\n- 1 was asked in private (write PENDING to me in a direct message to see it)",
    );
    const run = await start(GO_ON, { origin: { ...shared, threadKey: null } });
    const [wait] = run.waitingFor;
    const own = wait?.kind === "approval" ? (wait.code ?? "") : "";
    await ask({ ...GO_ON, nodes: { ...GO_ON.nodes, ask: approve("Fire Cy?", "after", "done") } });
    const told = await pending();
    expect(told).toMatch(
      /- Go on\? \(yes, no · asked just now\)\n- 2 more were asked in private \(write PENDING .* to see them\)$/,
    );
    // Neither do the ways in which text answers tell more.
    const replies = [told];
    for (const text of ["yes", "no 9ZZ", `/more ${code}`]) replies.push(...(await send(text, shared)).replies);
    expect(replies.at(-1)).toContain("asked in private");
    expect((await send(`/more ${own}`, shared)).replies[0]).toContain("Go on?");
    for (const reply of replies) {
      expect(reply).not.toMatch(/Bo's pay|Cy/);
      for (const one of [code, own]) expect(reply).not.toContain(` ${one} `);
    }
    expect(replies.join()).toContain("PENDING in a private chat lists the words and codes that count");
    const alone = (await send("/pending")).replies[0]!;
    for (const part of [code, own, "Raise Bo's pay?", "Fire Cy?", "Go on?"]) expect(alone).toContain(part);
  });
});
