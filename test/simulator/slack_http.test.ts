/** HTTP mode, commands, buttons and modals with the real Bolt. */
import { afterEach, expect, test } from "vitest";
import { createManualClock } from "../../src/simulator/clock.ts";
import { boltHttp, boltSocket, closeAll, slack, soon, web } from "./slack_clients.ts";

afterEach(closeAll);

const words = (text: string) => ({ type: "plain_text" as const, text });
const question = [
  { type: "section", text: { type: "mrkdwn", text: "*Ship it?*" } },
  {
    type: "actions",
    block_id: "answers",
    elements: [
      { type: "button", action_id: "yes", text: words("Approve"), value: "a1", style: "primary" },
      { type: "button", action_id: "no", text: words("Deny"), value: "a1", style: "danger" },
    ],
  },
] as never;
const reasonModal = {
  type: "modal" as const,
  callback_id: "reason",
  private_metadata: "a1",
  title: words("Why?"),
  submit: words("Send"),
  blocks: [
    {
      type: "input",
      block_id: "why",
      label: words("Reason"),
      element: { type: "plain_text_input", action_id: "text", multiline: true },
    },
  ] as never,
};

test("the address passes url_verification, signed events arrive; a wrong secret is refused and retried", async () => {
  const simulator = await slack();
  const seen: string[] = [];
  const url = await boltHttp(simulator, (app) => {
    app.message(async ({ message }) => void seen.push((message as { text: string }).text));
  });
  await simulator.setRequestUrl(url);
  simulator.as("ana").say("#eng", "by HTTP");
  await simulator.quiet();
  expect(seen).toEqual(["by HTTP"]);
  await expect(simulator.setRequestUrl(url.replace("/slack/events", "/elsewhere"))).rejects.toThrow("challenge");

  const other = await slack({ seed: 2 });
  const stranger = await boltHttp(simulator, () => {});
  await expect(other.setRequestUrl(stranger)).rejects.toThrow("401");
});

test("a listener that fails gets the event again with x-slack-retry-num: at once, after 1, after 5 minutes", async () => {
  const clock = createManualClock();
  const simulator = await slack({ clock });
  const retries: unknown[] = [];
  const url = await boltHttp(simulator, (app) => {
    app.message(async ({ context, body }) => {
      retries.push([body.event_id, context.retryNum, context.retryReason]);
      if (retries.length < 4) throw new Error("not stored");
    });
  });
  await simulator.setRequestUrl(url);
  simulator.as("ana").say("dm", "keep this");
  await simulator.quiet();
  expect(retries).toHaveLength(2);
  await clock.advance(60_000);
  await simulator.quiet();
  expect(retries).toHaveLength(3);
  await clock.advance(300_000);
  await simulator.quiet();
  const [[id]] = retries as [[string]];
  expect(retries).toEqual([
    [id, undefined, undefined],
    [id, 1, "http_error"],
    [id, 2, "http_error"],
    [id, 3, "http_error"],
  ]);
  expect(simulator.deliveries().at(-1)?.outcome).toBe("acknowledged");
});

test.each(["socket", "http"])(
  "a command by %s: acknowledged with a private reply, then answered by its response_url",
  async (mode) => {
    const simulator = await slack();
    const prepare: Parameters<typeof boltSocket>[1] = (app) => {
      app.command("/workflow", async ({ ack, command, respond }) => {
        await ack(`Starting ${command.text}`);
        await respond({ response_type: "in_channel", text: "Started" });
      });
    };
    if (mode === "http") await simulator.setRequestUrl(await boltHttp(simulator, prepare));
    else await boltSocket(simulator, prepare);
    expect(await simulator.as("ana").command("#eng", "/workflow run deploy a<b")).toMatchObject({ ok: true });
    await soon(() => simulator.as("ana").messages("#eng").length).toBe(2);
    const seen = (person: string) =>
      simulator
        .as(person)
        .messages("#eng")
        .map((message) => message.text);
    expect(seen("ana").sort()).toEqual(["Started", "Starting run deploy a<b"]);
    expect(seen("bob")).toEqual(["Started"]);
    await expect(simulator.as("ana").command("#eng", "/nonsense")).rejects.toThrow("not a valid command");
  },
);

test("a command nobody acknowledges in 3 s fails before the person's eyes, and is not sent again", async () => {
  const clock = createManualClock();
  const simulator = await slack({ clock });
  await boltSocket(simulator, (app) => app.command("/pending", async () => {}));
  const sent = simulator.as("ana").command("#eng", "/pending");
  await clock.advance(3_000);
  expect(await sent).toMatchObject({ ok: false });
  expect(simulator.as("ana").messages("#eng")).toMatchObject([
    { text: '/pending failed with the error "operation_timeout"', ephemeral: true },
  ]);
  expect(simulator.deliveries()).toHaveLength(1);
});

test.each(["socket", "http"])(
  "a button by %s opens a modal; its errors show; sent, it closes and the card changes",
  async (mode) => {
    const simulator = await slack();
    const client = web(simulator);
    const prepare: Parameters<typeof boltSocket>[1] = (app) => {
      app.action("no", async ({ ack, body, client: inside }) => {
        await ack();
        const { trigger_id } = body as { trigger_id: string };
        await inside.views.open({ trigger_id, view: reasonModal });
      });
      app.view("reason", async ({ ack, view, body }) => {
        const reason = view.state.values.why?.text?.value ?? "";
        if (reason.length < 5) return await ack({ response_action: "errors", errors: { why: "Say more" } });
        await ack();
        const [card] = simulator.as("ana").messages("#eng");
        await client.chat.update({
          channel: "CENG",
          ts: card!.ts,
          text: `Denied by ${body.user.id}: ${reason}`,
          blocks: [],
        });
      });
    };
    if (mode === "http") await simulator.setRequestUrl(await boltHttp(simulator, prepare));
    else await boltSocket(simulator, prepare);
    const { ts } = await client.chat.postMessage({ channel: "CENG", text: "Ship it?", blocks: question });
    const ana = simulator.as("ana");
    expect(ana.messages("#eng")[0]?.buttons.map((button) => button.label)).toEqual(["Approve", "Deny"]);
    expect(await ana.click("#eng", ts!, "Deny")).toMatchObject({ ok: true });
    await soon(() => ana.modal()?.title).toBe("Why?");
    expect(simulator.as("bob").modal()).toBeNull();
    expect(await ana.submit()).toMatchObject({ ok: false });
    await ana.submit({ text: "no" });
    expect(ana.modal()?.errors).toEqual({ why: "Say more" });
    await ana.submit({ text: "too risky" });
    await soon(() => ana.messages("#eng")[0]?.text).toBe("Denied by UANA: too risky");
    expect(ana.modal()).toBeNull();
  },
);

test("a trigger id opens one modal, within 3 s", async () => {
  const clock = createManualClock();
  const simulator = await slack({ clock });
  const triggers: string[] = [];
  await boltSocket(simulator, (app) => {
    app.action("yes", async ({ ack, body }) => {
      triggers.push((body as { trigger_id: string }).trigger_id);
      await ack();
    });
  });
  const client = web(simulator);
  const { ts } = await client.chat.postMessage({ channel: "CENG", text: "Ship it?", blocks: question });
  const open = (trigger_id: string) =>
    client.views.open({ trigger_id, view: reasonModal }).then(
      () => "opened",
      (error) => error.data.error,
    );
  for (let count = 0; count < 2; count++) await simulator.as("ana").click("#eng", ts!, "yes");
  expect(await open(triggers[0]!)).toBe("opened");
  expect(await open(triggers[0]!)).toBe("exchanged_trigger_id");
  await clock.advance(3_001);
  expect(await open(triggers[1]!)).toBe("expired_trigger_id");
  expect(await open("1.2.3")).toBe("invalid_trigger_id");
});

test("a response_url replaces the message it came from; five times, and not after half an hour", async () => {
  const clock = createManualClock();
  const simulator = await slack({ clock });
  const urls: string[] = [];
  await boltSocket(simulator, (app) => {
    app.action("yes", async ({ ack, body }) => {
      urls.push((body as { response_url: string }).response_url);
      await ack();
    });
  });
  const { ts } = await web(simulator).chat.postMessage({ channel: "CENG", text: "Ship it?", blocks: question });
  for (let count = 0; count < 2; count++) await simulator.as("ana").click("#eng", ts!, "yes");
  const post = async (url: string, text: string) => {
    const body = JSON.stringify({ replace_original: true, text, blocks: [] });
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return [response.status, await response.text()];
  };
  for (let count = 1; count <= 5; count++) expect(await post(urls[0]!, `edit ${count}`)).toEqual([200, "ok"]);
  expect(simulator.as("bob").messages("#eng")).toMatchObject([{ ts, text: "edit 5", buttons: [] }]);
  expect(await post(urls[0]!, "again")).toEqual([404, '{"ok":false,"error":"used_url"}']);
  await clock.advance(30 * 60_000 + 1);
  expect(await post(urls[1]!, "late")).toEqual([404, '{"ok":false,"error":"expired_url"}']);
});

test("the App Home is opened, published for one person, and its buttons work", async () => {
  const simulator = await slack();
  const pressed: string[] = [];
  await boltSocket(simulator, (app) => {
    app.event("app_home_opened", async ({ event, client }) => {
      const blocks = [
        { type: "header", text: words(`Open for ${event.user}`) },
        ...(question as unknown as object[]),
      ] as never;
      await client.views.publish({ user_id: event.user, view: { type: "home", blocks } });
    });
    app.action("yes", async ({ ack, body }) => {
      pressed.push((body as unknown as { container: { type: string } }).container.type);
      await ack();
    });
  });
  const ana = simulator.as("ana");
  ana.openHome();
  await soon(() => ana.home()?.text).toContain("Open for UANA");
  expect(simulator.as("bob").home()).toBeNull();
  await ana.clickInHome("Approve");
  expect(pressed).toEqual(["view"]);
});

test("the control surface does over HTTP what the API does here", async () => {
  const simulator = await slack();
  const post = async (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${simulator.url}/control/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const { ts } = await post("say", { as: "ana", channel: "#eng", text: "@bob look: <b> & more" });
  const read = await (await fetch(`${simulator.url}/control/messages?as=bob&channel=CENG`)).json();
  expect(read).toMatchObject({ messages: [{ ts, text: "@bob look: <b> & more", author: { name: "Ana" } }] });
  await post("faults", { on: "chat.postMessage", fault: { kind: "error", error: "fatal_error" } });
  expect(simulator.faults.open()).toHaveLength(1);
  expect(await post("installation", { botTokenError: "token_revoked" })).toMatchObject({
    botTokenError: "token_revoked",
  });
  expect(await post("say", { as: "nobody", channel: "#eng", text: "x" })).toEqual({
    ok: false,
    error: "user_not_found",
  });
  const form = await fetch(`${simulator.url}/control/say`, { method: "POST", body: "as=ana" });
  expect(form.status).toBe(415);
});
