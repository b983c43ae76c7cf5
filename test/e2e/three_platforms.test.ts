/**
 * A5, B7, C8, O6: one question stands in Slack, in Discord and on a phone at once and is answered in each of the three in turn, and in
 * all of them at once; every copy tells the same outcome. The last test is the same walk by hand, in a browser; with WALK=FOLDER it leaves a picture of each step there.
 * The bot simulates the platforms; what people do there goes through the control surface of the page.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import type { Drawn } from "../../src/simulator/discord/index.ts";
import { ENG, eventually, OWNER, wordsOf } from "../discord_bot.ts";
import { closeBrowser, noBrowser, sitAt } from "../simulator/browser.ts";
import { type BotProcess, Place } from "./harness.ts";

const ASKED = {
  name: "release",
  startNodeId: "ask",
  inputs: { type: "object", properties: { version: { type: "string" } }, required: ["version"] },
  nodes: {
    ask: {
      type: "approval",
      question: "Release {{version}} to everybody?",
      options: ["yes", "no"],
      approvers: ["person:Ana"],
      channels: ["slack:#eng", `discord:${ENG}`, "sms"],
      next: { yes: "done", no: "kept" },
    },
    done: { type: "end" },
    kept: { type: "end" },
  },
};

interface SlackMessage {
  ts: string;
  text: string;
  buttons: { label: string }[];
}
interface Phone {
  name: string;
  number: string;
  messages: { mine: boolean; body: string }[];
}

const place = new Place();
let bot: BotProcess;
beforeAll(async () => {
  bot = await place.start({ FACTORY_SIMULATE: "on" });
  const { json } = await place.json("workflow", "create", place.file("release.json", ASKED));
  expect(json).toMatchObject({ name: "release" });
}, 60_000);
afterAll(async () => {
  await closeBrowser();
  await place.dispose();
});

async function ask<T>(path: string, body?: object): Promise<T> {
  const url = `${bot.ready.simulator}/${path}`;
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(`${path}: ${answer.error}`);
  return answer;
}

const slackCard = async (version: string) =>
  (await ask<{ messages: SlackMessage[] }>("slack/messages?as=ana&channel=%23eng")).messages.find(({ text }) =>
    text.includes(`Release ${version} `),
  );
const discordCard = async (version: string) =>
  (await ask<{ messages: Drawn[] }>("discord/messages?as=ana&channel=eng")).messages.find(
    (one) => one.embeds.length > 0 && wordsOf(one).includes(`Release ${version} `),
  );
const phone = async () => (await ask<{ phones: Phone[] }>("phone/phones")).phones.find(({ name }) => name === "Ana")!;
const texts = async () => (await phone()).messages.filter(({ mine }) => !mine).map(({ body }) => body);

/** Started in Discord and asked everywhere. */
async function release(version: string): Promise<string> {
  await ask("discord/command", {
    as: "ana",
    channel: "eng",
    name: "workflow run",
    options: { name: "release", inputs: `version=${version}` },
  });
  await eventually("the card in Slack", async () => (await slackCard(version))?.buttons.length);
  await eventually("the card in Discord", async () => (await discordCard(version))?.buttons.length);
  return await eventually("the text", async () => (await texts()).find((body) => body.includes(`Release ${version} `)));
}

async function allTell(version: string, outcome: string): Promise<void> {
  await eventually("Slack to tell it", async () => {
    const card = await slackCard(version);
    return card?.text.includes(outcome) === true && card.buttons.length === 0;
  });
  await eventually("Discord to tell it", async () => {
    const card = await discordCard(version);
    return card !== undefined && wordsOf(card).includes(outcome) && card.buttons.length === 0;
  });
  await eventually("the phone to tell it", async () => (await texts()).some((body) => body.includes(outcome)));
  const backend = await place.backend();
  const approvals = await backend.query(functions.approvals.list, { actor: OWNER, all: true });
  const approval = approvals.find(({ question }) => question.includes(`Release ${version} `))!;
  expect(approval.deliveries.map(({ channel, status }) => `${channel} ${status}`).sort()).toEqual([
    "discord confirmed",
    "slack confirmed",
    "sms confirmed",
  ]);
  expect(approval.votes).toHaveLength(1);
}

test("every simulated platform is on", () => {
  expect(bot.ready.channels).toMatchObject({ slack: "simulated", discord: "simulated", sms: "simulated" });
});

test("answered in Slack -> Discord and the phone tell it", async () => {
  await release("1.1");
  const { ts } = (await slackCard("1.1"))!;
  await ask("slack/click", { as: "ana", channel: "#eng", ts, button: "yes" });
  await allTell("1.1", "Approved by Ana via Slack");
});

test("answered in Discord, where Bob may not -> Slack and the phone tell it", async () => {
  await release("1.2");
  const { id } = (await discordCard("1.2"))!;
  await ask("discord/press", { as: "bob", channel: "eng", id, button: "yes" });
  const notice = await eventually("Bob's notice", async () =>
    (await ask<{ messages: Drawn[] }>("discord/messages?as=bob&channel=eng")).messages.find(
      ({ ephemeral }) => ephemeral,
    ),
  );
  expect(notice.text).toContain("may not answer");
  expect((await discordCard("1.2"))!.buttons).toHaveLength(2);
  expect(await ask("discord/press", { as: "ana", channel: "eng", id, button: "yes" })).toMatchObject({ ok: true });
  await allTell("1.2", "Approved by Ana via Discord");
});

test("answered by text -> Slack and Discord tell it; each run ended once", async () => {
  const asked = await release("1.3");
  const code = /YES (\w+)/.exec(asked)![1];
  await ask(`phone/phones/${encodeURIComponent((await phone()).number)}/text`, { body: `NO ${code} not on a Friday` });
  await allTell("1.3", "Denied by Ana via SMS");
  const { json: runs } = await place.json("workflow", "runs");
  const ended = (runs as { workflow: string; nodes: { id: string }[] }[]).filter(
    ({ workflow }) => workflow === "release",
  );
  expect(ended.map(({ nodes }) => nodes.at(-1)!.id).sort()).toEqual(["done", "done", "kept"]);
});

test("B6: pressed in Slack and in Discord and refused by text at once -> one verdict, told alike everywhere", async () => {
  const asked = await release("1.4");
  const code = /YES (\w+)/.exec(asked)![1];
  const [{ ts }, { id }, { number }] = [(await slackCard("1.4"))!, (await discordCard("1.4"))!, await phone()];
  await Promise.all([
    ask("slack/click", { as: "ana", channel: "#eng", ts, button: "yes" }),
    ask("discord/press", { as: "ana", channel: "eng", id, button: "yes" }),
    ask(`phone/phones/${encodeURIComponent(number)}/text`, { body: `NO ${code}` }),
  ]);
  const told = await eventually("a verdict", async () => {
    const card = await discordCard("1.4");
    return card === undefined ? null : /(?:Approved|Denied) by Ana via \w+/.exec(wordsOf(card))?.[0];
  });
  await allTell("1.4", told);
});

test("O3: the live page's events are for whoever has its address, and are read only", async () => {
  const { json } = await place.json("live");
  const address = new URL(json.url);
  const events = (token: string) =>
    fetch(new URL("/live/events", address), { headers: { authorization: `Bearer ${token}` } });
  expect(address.origin).toBe(bot.ready.http);
  expect((await fetch(new URL("/live", address))).headers.get("content-security-policy")).toContain(
    "default-src 'self'",
  );
  for (const wrong of ["", "x", address.hash]) expect((await events(wrong)).status).toBe(401);
  const right = await events(address.hash.slice(1));
  expect(right.headers.get("content-type")).toBe("text/event-stream");
  await right.body!.cancel();
  expect((await fetch(new URL("/live/events", address), { method: "POST" })).status).toBe(405);
});

test.skipIf(noBrowser !== "")(
  `O3: the live page shows a run, its nodes, its question and its copies, and what becomes of them, by itself${noBrowser}`,
  async () => {
    const { page, complaints } = await sitAt((await place.json("live")).json.url);
    expect(page.url()).toBe(`${bot.ready.http}/live`);
    const runs = page.getByRole("region", { name: "Runs" });
    await runs.getByRole("article").first().waitFor();
    await release("1.5");
    const question = page.getByRole("region", { name: "Questions" }).getByRole("article", { name: "Release 1.5 to" });
    for (const channel of ["slack", "discord", "sms"])
      await question.locator(".copies li", { hasText: channel }).getByText("confirmed").waitFor();
    const { runId } = /run (?<runId>\w{20,})/.exec(await question.innerText())!.groups as { runId: string };
    const run = runs.getByRole("article").filter({ hasText: runId });
    await run.getByText("waits for an answer to “Release 1.5 to everybody?”").waitFor();
    // The page stays where it is; a person's code is nobody else's.
    expect(await page.locator("body").innerText()).not.toMatch(/YES \w\w/);
    if (process.env.WALK !== undefined)
      await page.screenshot({ path: `${process.env.WALK}/4-live.jpg`, type: "jpeg", quality: 70 });
    const { id } = (await discordCard("1.5"))!;
    await ask("discord/press", { as: "ana", channel: "eng", id, button: "yes" });
    await run.getByText("completed", { exact: true }).waitFor();
    await question.waitFor({ state: "detached" });
    await run.locator(".node.completed", { hasText: "done" }).waitFor();
    await page.getByRole("region", { name: "Deliveries" }).getByText("confirmed").first().waitFor();
    expect(complaints).toEqual([]);
  },
  60_000,
);

test.skipIf(noBrowser !== "")(
  `the walk on the page${noBrowser}: started in Slack, asked on all three, Bob refused alone, Ana answers on the phone`,
  async () => {
    const { page, complaints } = await sitAt(bot.ready.simulator!);
    await page.setViewportSize({ width: 1900, height: 950 });
    const [slack, discord, phonePane] = [
      page.locator(".pane-slack"),
      page.locator(".pane-discord"),
      page.locator(".pane-phone"),
    ];
    const picture = async (name: string) => {
      if (process.env.WALK !== undefined)
        await page.screenshot({ path: `${process.env.WALK}/${name}.jpg`, type: "jpeg", quality: 70 });
    };
    await slack.getByText("bot connected").waitFor();
    await slack.getByRole("textbox", { name: "Message" }).fill("/workflow run release version=2.0");
    await page.keyboard.press("Enter");
    const inSlack = slack.locator(".message", { hasText: "Release 2.0 to everybody?" });
    const inDiscord = discord.locator(".message", { hasText: "Release 2.0 to everybody?" });
    await inSlack.locator(".kit-button").first().waitFor();
    await inDiscord.getByRole("button", { name: "yes", exact: true }).waitFor();
    await phonePane.getByText("Release 2.0 to everybody?").waitFor();
    await picture("1-asked-on-all-three");

    await page.getByRole("button", { name: /^Bob/ }).click();
    await inDiscord.getByRole("button", { name: "yes", exact: true }).click();
    await discord.locator(".ephemeral", { hasText: "may not answer" }).last().waitFor();
    expect(await inDiscord.getByRole("button", { name: "yes", exact: true }).count()).toBe(1);
    await picture("2-bob-is-refused-alone");

    await page.getByRole("button", { name: /^Ana/ }).click();
    await expect.poll(() => discord.locator(".ephemeral", { hasText: "may not answer" }).count()).toBe(0);
    await phonePane.getByRole("textbox").fill("yes");
    await page.keyboard.press("Enter");
    await inSlack.getByText("Approved by Ana via SMS").waitFor();
    await inDiscord.getByText("Approved by Ana via SMS").waitFor();
    await phonePane.getByText("Approved by Ana via SMS").waitFor();
    expect(await inSlack.locator(".kit-button").count()).toBe(0);
    expect(await inDiscord.locator(".buttons button").count()).toBe(0);
    await picture("3-all-copies-tell-it");
    expect(complaints).toEqual([]);
  },
  60_000,
);
