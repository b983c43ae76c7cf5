/** The Web API with the real WebClient. */
import { afterEach, describe, expect, test } from "vitest";
import { createManualClock } from "../../src/simulator/clock.ts";
import { closeAll, slack, web } from "./slack_clients.ts";

afterEach(closeAll);

/** Slack's code of a call that is refused. */
async function refused(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const thrown = await call.then(
    () => null,
    (error: { data?: Record<string, unknown>; message: string }) => error,
  );
  expect(thrown, "the call should be refused").not.toBeNull();
  return thrown?.data ?? { error: thrown?.message };
}

describe("tokens and scopes", () => {
  test("who the token is, and where it may talk", async () => {
    const client = web(await slack());
    expect(await client.auth.test()).toMatchObject({ ok: true, team_id: "TSIM", user_id: "UBOT", bot_id: "BBOT" });
    const { channels } = await client.conversations.list({ types: "public_channel,im" });
    expect(channels?.map((channel) => channel.name ?? channel.user)).toEqual(["eng", "ops", "support", "UANA", "UBOB"]);
  });

  test("no token, a wrong one, a revoked one, one of the wrong kind", async () => {
    const simulator = await slack();
    expect(await refused(web(simulator, { token: "" }).auth.test())).toMatchObject({ error: "not_authed" });
    expect(await refused(web(simulator, { token: "xoxb-x" }).auth.test())).toMatchObject({ error: "invalid_auth" });
    const app = web(simulator, { token: simulator.appToken });
    expect(await refused(app.auth.test())).toMatchObject({ error: "not_allowed_token_type" });
    simulator.state.installation.botTokenError = "token_revoked";
    expect(await refused(web(simulator).auth.test())).toMatchObject({ error: "token_revoked" });
  });

  test("a scope that was taken away is named, with what is left", async () => {
    const simulator = await slack();
    simulator.state.installation.botScopes = ["channels:read"];
    const error = await refused(web(simulator).chat.postMessage({ channel: "#eng", text: "x" }));
    expect(error).toMatchObject({ error: "missing_scope", needed: "chat:write", provided: "channels:read" });
    expect(await refused(web(simulator).conversations.list({ types: "im" }))).toMatchObject({ needed: "im:read" });
  });

  test("a method nobody knows", async () => {
    expect(await refused(web(await slack()).apiCall("chat.shout"))).toMatchObject({ error: "unknown_method" });
  });
});

describe("messages", () => {
  test("a message is posted, found by its metadata, edited and deleted", async () => {
    const simulator = await slack();
    const client = web(simulator);
    const metadata = { event_type: "factory", event_payload: { key: "k1" } };
    const posted = await client.chat.postMessage({ channel: "#eng", text: "one", metadata });
    expect(posted).toMatchObject({ ok: true, channel: "CENG", message: { text: "one", user: "UBOT", metadata } });
    const found = await client.conversations.history({ channel: "CENG", include_all_metadata: true });
    expect(found.messages).toMatchObject([{ ts: posted.ts, metadata }]);
    const without = await client.conversations.history({ channel: "CENG" });
    expect(without.messages?.[0]).not.toHaveProperty("metadata");
    await client.chat.update({ channel: "CENG", ts: posted.ts!, text: "two" });
    const [drawn] = simulator.as("bob").messages("#eng");
    expect([drawn?.text, drawn?.edited]).toEqual(["two", true]);
    await client.chat.delete({ channel: "CENG", ts: posted.ts! });
    expect(simulator.as("bob").messages("#eng")).toEqual([]);
  });

  test("a thread: replies in order, the parent counts them, history leaves them out", async () => {
    const simulator = await slack();
    const client = web(simulator);
    const ts = simulator.as("ana").say("#eng", "plan?");
    for (const text of ["a", "b", "c"]) await client.chat.postMessage({ channel: "CENG", thread_ts: ts, text });
    const page = await client.conversations.replies({ channel: "CENG", ts, limit: 2 });
    expect(page.messages?.map((message) => message.text)).toEqual(["plan?", "a"]);
    expect(page.has_more).toBe(true);
    const cursor = page.response_metadata?.next_cursor;
    const rest = await client.conversations.replies({ channel: "CENG", ts, limit: 2, cursor });
    expect(rest.messages?.map((message) => message.text)).toEqual(["b", "c"]);
    const { messages } = await client.conversations.history({ channel: "CENG" });
    expect(messages).toMatchObject([{ text: "plan?", reply_count: 3, thread_ts: ts }]);
    expect(await refused(client.chat.postMessage({ channel: "CENG", thread_ts: "1.000001", text: "x" }))).toMatchObject(
      { error: "thread_not_found" },
    );
  });

  test("history by time: newest first, after a watermark, in pages", async () => {
    const simulator = await slack();
    const client = web(simulator);
    const said = ["1", "2", "3", "4", "5"].map((text) => simulator.as("ana").say("dm", text));
    const after = await client.conversations.history({ channel: "DANA", oldest: said[1], limit: 2 });
    expect(after.messages?.map((message) => message.text)).toEqual(["5", "4"]);
    expect(after).toMatchObject({ has_more: true, response_metadata: { next_cursor: expect.any(String) } });
    const inclusive = await client.conversations.history({ channel: "DANA", oldest: said[1], inclusive: true });
    expect(inclusive.messages).toHaveLength(4);
  });

  test("an ephemeral message is seen by one person and by no API", async () => {
    const simulator = await slack();
    const client = web(simulator);
    await client.chat.postEphemeral({ channel: "CENG", user: "UANA", text: "psst" });
    expect(simulator.as("ana").messages("#eng")).toMatchObject([{ text: "psst", ephemeral: true }]);
    expect(simulator.as("bob").messages("#eng")).toEqual([]);
    expect((await client.conversations.history({ channel: "CENG" })).messages).toEqual([]);
  });

  test("where it may not talk", async () => {
    const simulator = await slack();
    const client = web(simulator);
    const post = (channel: string) => refused(client.chat.postMessage({ channel, text: "x" }));
    const channel = simulator.state.channels.get("COPS")!;
    channel.members = ["UANA"];
    expect(await post("COPS")).toMatchObject({ error: "not_in_channel" });
    await client.conversations.join({ channel: "COPS" });
    await client.chat.postMessage({ channel: "COPS", text: "here" });
    channel.archived = true;
    expect(await post("COPS")).toMatchObject({ error: "is_archived" });
    expect(await post("CNONE")).toMatchObject({ error: "channel_not_found" });
    const ts = simulator.as("ana").say("#eng", "mine");
    expect(await refused(client.chat.update({ channel: "CENG", ts, text: "yours" }))).toMatchObject({
      error: "cant_update_message",
    });
    expect(await refused(client.chat.delete({ channel: "CENG", ts: "1.2" }))).toMatchObject({
      error: "message_not_found",
    });
  });

  test("a person's id is their DM, and the same one each time", async () => {
    const client = web(await slack());
    expect(await client.chat.postMessage({ channel: "UBOB", text: "x" })).toMatchObject({ channel: "DBOB" });
    expect(await client.conversations.open({ users: "UBOB" })).toMatchObject({ channel: { id: "DBOB" } });
    expect(await client.users.info({ user: "UBOB" })).toMatchObject({
      user: { name: "bob", profile: { email: "bob@simulated.example" } },
    });
    expect((await client.users.list({})).members).toHaveLength(3);
  });
});

describe("limits", () => {
  const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });
  const button = (more: object) => ({
    type: "actions",
    elements: [{ type: "button", action_id: "a", text: { type: "plain_text", text: "ok" }, ...more }],
  });
  test.each([
    ["51 blocks", Array(51).fill({ type: "divider" }), "no more than 50 items allowed [json-pointer:/blocks]"],
    [
      "a section of 3,001",
      [section("x".repeat(3001))],
      "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ],
    ["a section that is too long once escaped", [section("&".repeat(700))], "must be less than 3001 characters"],
    [
      "a button's words",
      [button({ text: { type: "plain_text", text: "x".repeat(76) } })],
      "[json-pointer:/blocks/0/elements/0/text/text]",
    ],
    ["a button's value", [button({ value: "x".repeat(2001) })], "[json-pointer:/blocks/0/elements/0/value]"],
    ["a button's style", [button({ style: "green" })], "must be a valid enum value"],
    ["a block nobody knows", [{ type: "buton" }], "unsupported type: buton"],
    [
      "a header",
      [{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }],
      "must be less than 151 characters",
    ],
  ])("%s is refused on send and on update", async (_what, blocks, words) => {
    const simulator = await slack();
    const client = web(simulator);
    const { ts } = await client.chat.postMessage({ channel: "CENG", text: "before" });
    const wrong = { channel: "CENG", text: "x", blocks: blocks as never };
    for (const call of [client.chat.postMessage(wrong), client.chat.update({ ...wrong, ts: ts! })]) {
      const error = await refused(call);
      expect(error.error).toBe("invalid_blocks");
      expect((error.response_metadata as { messages: string[] }).messages.join("\n")).toContain(words);
    }
    expect(simulator.as("ana").messages("#eng")).toMatchObject([{ text: "before" }]);
  });

  test("texts: 40,000 characters a post, 4,000 bytes an edit; blocks 13,200 together; none at all", async () => {
    const client = web(await slack());
    const post = (more: object) => client.chat.postMessage({ channel: "CENG", text: "x", ...more });
    const { ts } = await post({ text: "x".repeat(40_000) });
    expect(await refused(post({ text: "x".repeat(40_001) }))).toMatchObject({ error: "msg_too_long" });
    const edit = client.chat.update({ channel: "CENG", ts: ts!, text: "ä".repeat(2001) });
    expect(await refused(edit)).toMatchObject({ error: "msg_too_long" });
    const blocks = Array(5).fill(section("x".repeat(2900)));
    expect(await refused(post({ blocks }))).toMatchObject({ error: "msg_blocks_too_long" });
    expect(await refused(post({ text: "" }))).toMatchObject({ error: "no_text" });
  });

  test("the sixth post at once to a channel gets 429 and Retry-After; another channel does not; a second later it goes", async () => {
    const clock = createManualClock();
    const simulator = await slack({ clock });
    const client = web(simulator, { rejectRateLimitedCalls: true });
    const post = (channel: string) => client.chat.postMessage({ channel, text: "x" });
    for (let count = 0; count < 5; count++) await post("CENG");
    await expect(post("CENG")).rejects.toMatchObject({ retryAfter: 1 });
    await post("COPS");
    await clock.advance(1_000);
    await post("CENG");
    expect(simulator.calls("chat.postMessage").filter((call) => call.outcome === "429")).toHaveLength(1);
  });

  test("edits have a tier of their own: the 51st within a moment is told to wait", async () => {
    const clock = createManualClock();
    const simulator = await slack({ clock });
    const client = web(simulator, { rejectRateLimitedCalls: true });
    const { ts } = await client.chat.postMessage({ channel: "CENG", text: "0" });
    const edit = () => client.chat.update({ channel: "CENG", ts: ts!, text: "x" });
    for (let count = 0; count < 50; count++) await edit();
    await expect(edit()).rejects.toMatchObject({ retryAfter: 2 });
  });
});

describe("faults by order", () => {
  test("429 is waited out by the client itself", async () => {
    const simulator = await slack();
    simulator.faults.order({ on: "chat.postMessage", fault: { kind: "rate_limit", retryAfterS: 0 } });
    await web(simulator).chat.postMessage({ channel: "CENG", text: "x" });
    expect(simulator.calls("chat.postMessage").map((call) => call.outcome)).toEqual(["429", "ok"]);
  });

  test.each([
    ["500 after success", { kind: "status_after_success", status: 500 } as const],
    ["a broken connection after success", { kind: "drop_after_success" } as const],
  ])("%s: the client posts again, and the message stands twice", async (_what, fault) => {
    const simulator = await slack();
    simulator.faults.order({ on: "chat.postMessage", fault });
    await web(simulator).chat.postMessage({ channel: "CENG", text: "x" });
    expect(simulator.as("ana").messages("#eng")).toHaveLength(2);
  });

  test.each([
    ["500", { kind: "status", status: 500 } as const],
    ["a broken connection", { kind: "drop" } as const],
  ])("%s before anything was done: one message", async (_what, fault) => {
    const simulator = await slack();
    simulator.faults.order({ on: "chat.*", fault, where: { channel: "CENG" } });
    await web(simulator).chat.postMessage({ channel: "COPS", text: "x" });
    await web(simulator).chat.postMessage({ channel: "CENG", text: "x" });
    expect(simulator.as("ana").messages("#eng")).toHaveLength(1);
    expect(simulator.calls().map((call) => call.outcome)).toHaveLength(3);
  });

  test("an error of Slack's own, after a call was let through", async () => {
    const simulator = await slack();
    const client = web(simulator);
    simulator.faults.order({ on: "chat.postMessage", fault: { kind: "error", error: "fatal_error" }, skip: 1 });
    await client.chat.postMessage({ channel: "CENG", text: "x" });
    expect(await refused(client.chat.postMessage({ channel: "CENG", text: "x" }))).toMatchObject({
      error: "fatal_error",
    });
    expect(simulator.faults.open()).toEqual([]);
  });
});

describe("files, reactions, streams", () => {
  test("uploadV2 goes its three steps, and the file can be read", async () => {
    const simulator = await slack();
    const ts = simulator.as("ana").say("#eng", "payload?");
    await web(simulator).files.uploadV2({
      channel_id: "CENG",
      thread_ts: ts,
      filename: "payload.json",
      content: '{"amount":1}',
      initial_comment: "All of it",
    });
    const [, reply] = simulator.as("ana").messages("#eng", { thread: ts });
    expect(reply).toMatchObject({ text: "All of it", files: [{ name: "payload.json", size: 12 }] });
    const file = await fetch(`${simulator.url}/control/file?id=${String(reply?.files[0]?.id)}`);
    expect(await file.text()).toBe('{"amount":1}');
  });

  test("a reaction, once", async () => {
    const simulator = await slack();
    const timestamp = simulator.as("ana").say("#eng", "done");
    const add = () => web(simulator).reactions.add({ channel: "CENG", timestamp, name: "eyes" });
    await add();
    expect(await refused(add())).toMatchObject({ error: "already_reacted" });
    expect(simulator.as("bob").messages("#eng")[0]?.reactions).toEqual([{ name: "eyes", users: ["UBOT"] }]);
  });

  test("a reply grows and ends; afterwards it cannot grow", async () => {
    const simulator = await slack();
    const client = web(simulator);
    const ts = simulator.as("ana").say("#eng", "explain");
    const place = { channel: "CENG", thread_ts: ts };
    expect(await refused(client.chat.startStream(place))).toMatchObject({ error: "missing_recipient_team_id" });
    const stream = client.chatStream({
      ...place,
      recipient_team_id: "TSIM",
      recipient_user_id: "UANA",
      buffer_size: 1,
    });
    await stream.append({ markdown_text: "**It" });
    const growing = () => simulator.as("ana").messages("#eng", { thread: ts }).at(-1);
    expect(growing()?.streaming).toBe(true);
    await stream.append({ markdown_text: " works**" });
    const { ts: streamTs } = await stream.stop();
    expect([growing()?.text, growing()?.streaming]).toEqual(["It works", false]);
    const late = client.chat.appendStream({ channel: "CENG", ts: streamTs!, markdown_text: "!" });
    expect(await refused(late)).toMatchObject({ error: "message_not_in_streaming_state" });
  });

  test("the status of a thread shows until the app speaks there", async () => {
    const simulator = await slack();
    const client = web(simulator);
    const ts = simulator.as("ana").say("dm", "hello");
    await client.assistant.threads.setStatus({ channel_id: "DANA", thread_ts: ts, status: "is thinking…" });
    expect(simulator.state.statuses.get(`DANA/${ts}`)?.status).toBe("is thinking…");
    await client.chat.postMessage({ channel: "DANA", thread_ts: ts, text: "Hi" });
    expect(simulator.state.statuses.size).toBe(0);
  });
});
