/** The page in a real browser: what a person does there reaches the real Bolt, and what Bolt does shows at once. */
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { SlackSimulator } from "../../src/simulator/slack/index.ts";
import { closeBrowser, noBrowser, sitAt } from "./browser.ts";
import { boltSocket, closeAll, slack, web } from "./slack_clients.ts";

afterEach(closeAll);
afterAll(closeBrowser);

const words = (text: string) => ({ type: "plain_text" as const, text });

/** A small approval app: a card with two buttons, a modal for the reason of a "no". */
async function approvals(simulator: SlackSimulator): Promise<void> {
  const card = (outcome: string | null) =>
    [
      { type: "header", text: words("Ship 1.2?") },
      { type: "section", fields: [{ type: "mrkdwn", text: "*Cost*\n`$42`" }] },
      { type: "context", elements: [{ type: "mrkdwn", text: "asked by <@UBOB> :hourglass:" }] },
      ...(outcome === null
        ? [
            {
              type: "actions",
              elements: [
                { type: "button", action_id: "yes", text: words("Approve"), style: "primary" },
                { type: "button", action_id: "no", text: words("Deny"), style: "danger" },
              ],
            },
          ]
        : [{ type: "section", text: { type: "mrkdwn", text: `*${outcome}*` } }]),
    ] as never;
  let ts = "";
  await boltSocket(simulator, (app) => {
    app.command("/workflow", async ({ ack, command, client }) => {
      await ack(`Started ${command.text}`);
      ts = (await client.chat.postMessage({ channel: command.channel_id, text: "Ship?", blocks: card(null) })).ts!;
    });
    app.action("no", async ({ ack, body, client }) => {
      await ack();
      await client.views.open({
        trigger_id: (body as { trigger_id: string }).trigger_id,
        view: {
          type: "modal",
          callback_id: "reason",
          title: words("Why not?"),
          submit: words("Deny"),
          blocks: [
            {
              type: "input",
              block_id: "why",
              label: words("Reason"),
              element: { type: "plain_text_input", action_id: "text", multiline: true },
            },
          ],
        },
      });
    });
    app.view("reason", async ({ ack, view, client, body }) => {
      const reason = view.state.values.why?.text?.value ?? "";
      if (reason.length < 5) return await ack({ response_action: "errors", errors: { why: "Say more" } });
      await ack();
      const blocks = card(`Denied by <@${body.user.id}>: ${reason}`);
      await client.chat.update({ channel: "CENG", ts, text: "Denied", blocks });
    });
    app.message("ping", async ({ message, say }) => {
      await say({ text: "pong", thread_ts: message.ts });
    });
    app.event("app_home_opened", async ({ event, client }) => {
      const blocks = [{ type: "header", text: words(`Home of ${event.user}`) }];
      await client.views.publish({ user_id: event.user, view: { type: "home", blocks } });
    });
  });
}

describe.skipIf(noBrowser !== "")(`the simulator's page${noBrowser}`, () => {
  test("a command, a card, a modal with an error, the outcome; seen by Bob too, but not what was for Ana only", async () => {
    const simulator = await slack();
    await approvals(simulator);
    const { page, complaints } = await sitAt(`${simulator.url}/simulator`);
    await page.getByText("bot connected").waitFor();
    const composer = page.getByRole("textbox", { name: "Message" });
    await composer.pressSequentially("/work");
    await page.getByRole("option", { name: "/workflow" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type("run deploy");
    await page.keyboard.press("Enter");
    await page.getByText("Started run deploy").waitFor();
    await page.getByRole("button", { name: "Deny" }).click();
    const modal = page.getByRole("dialog", { name: "Why not?" });
    await modal.getByLabel("Reason").fill("no");
    await modal.getByRole("button", { name: "Deny" }).click();
    await modal.getByText("Say more").waitFor();
    await modal.getByLabel("Reason").fill("too *risky*");
    await modal.getByRole("button", { name: "Deny" }).click();
    await page.getByText("Denied by @Ana: too").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await page.locator(".message .kit-button").count()).toBe(0);

    await page.getByRole("button", { name: /^Bob/ }).click();
    await page.locator(".rule", { hasText: "New" }).waitFor();
    expect(await page.locator(".message").allInnerTexts()).toEqual([expect.stringContaining("Denied by @Ana")]);
    await page.getByRole("button", { name: /^Ana/ }).click();
    await page.getByText("Only visible to you").waitFor();
    expect(complaints).toEqual([]);
  });

  test("a thread, an edit, unread marks, the App Home", async () => {
    const simulator = await slack();
    await approvals(simulator);
    const { page, complaints } = await sitAt(`${simulator.url}/simulator#bob`);
    await page.getByRole("textbox", { name: "Message" }).fill("ping");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "1 reply" }).click();
    const thread = page.getByRole("complementary", { name: "Thread" });
    await thread.getByText("pong").waitFor();
    await thread.getByRole("textbox", { name: "Reply" }).fill("/pending");
    await page.keyboard.press("Enter");
    await page.getByText("/pending is not supported in threads").waitFor();
    await thread.getByRole("button", { name: "Close thread" }).click();

    await page.locator(".message").first().hover();
    await page.getByRole("button", { name: "Edit message" }).click();
    await page.getByRole("textbox", { name: "Edit message" }).fill("ping again");
    await page.keyboard.press("Enter");
    await page.getByText("(edited)").waitFor();

    simulator.as("ana").say("#ops", "anybody?");
    await page.locator('[data-channel="COPS"] .badge').waitFor();
    await page.locator('[data-channel="COPS"]').click();
    await page.getByText("anybody?").waitFor();
    await expect.poll(() => simulator.as("bob").unread("#ops"), { timeout: 15_000 }).toBe(0);

    await page.locator('[data-channel="DBOB"]').click();
    await page.getByRole("tab", { name: "Home" }).click();
    await page.getByText("Home of UBOB").waitFor();
    expect(complaints).toEqual([]);
  });

  test("the bot goes away and comes back: the page says so, and goes on by itself", async () => {
    const first = await slack();
    const { page } = await sitAt(`${first.url}/simulator`);
    await page.getByText("bot not connected").waitFor();
    await first.close();
    await page.getByText("The bot does not answer").waitFor();
    const second = await slack({ port: Number(new URL(first.url).port) });
    second.as("bob").say("#eng", "back again");
    await page.getByText("back again").waitFor();
    expect(await page.getByText("The bot does not answer").count()).toBe(0);
  });

  test("what anybody wrote stays text: no element, no script, no address that runs one", async () => {
    const simulator = await slack();
    const client = web(simulator);
    const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
    simulator.as("bob").say("#eng", `${evil} *bold* <javascript:alert(1)|click>`);
    await client.chat.postMessage({
      channel: "CENG",
      text: "x",
      blocks: [
        {
          type: "section",
          text: { type: "mrkdwn", text: `${evil} <javascript:window.hacked=1|a link> <https://ok.example|fine>` },
        },
        { type: "section", text: { type: "plain_text", text: evil } },
        { type: "header", text: { type: "plain_text", text: evil } },
        { type: "markdown", text: `${evil} [x](javascript:window.hacked=1) [y](https://ok.example)` },
        {
          type: "actions",
          elements: [
            {
              type: "button",
              text: { type: "plain_text", text: evil.slice(0, 60) },
              url: "javascript:window.hacked=1",
              action_id: "b",
            },
          ],
        },
      ] as never,
    });
    const { page, complaints } = await sitAt(`${simulator.url}/simulator`);
    await page.getByText("fine").waitFor();
    expect(await page.locator(".messages img, .messages script").count()).toBe(0);
    const links = await page.locator(".messages a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(links).toEqual(["https://ok.example", "https://ok.example"]);
    expect(await page.getByText(evil, { exact: false }).count()).toBeGreaterThan(3);
    await page.locator(".kit-button").click();
    expect(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined();
    expect(complaints).toEqual([]);
  });
});
