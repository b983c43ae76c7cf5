/** Discord's pane in a real browser, with the real adapter behind it: what a person does reaches discord.js, and its answers show at once. */
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createDiscordSimulator } from "../../src/simulator/discord/index.ts";
import { cardOf, startAdapter } from "../discord_adapter.ts";
import { closeBrowser, noBrowser, sitAt } from "./browser.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(closeBrowser);

describe.skipIf(noBrowser !== "")(`Discord on the simulator's page${noBrowser}`, () => {
  test("a mention, a card, a press, a modal for the reason, the settled card; seen by Bob too", async () => {
    const discord = await createDiscordSimulator();
    closing.push(() => discord.close());
    const rig = await startAdapter(discord);
    closing.push(() => rig.stop());
    const { page, complaints } = await sitAt(`${discord.url}/simulator`);
    const pane = page.locator(".discord");
    await pane.getByRole("textbox", { name: "Write in Discord" }).focus();
    await page.keyboard.type("@Fac");
    await pane.getByRole("button", { name: "Factory factory · app" }).waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.type("ship **it**?");
    await page.keyboard.press("Enter");
    await pane.getByText("ship it?").waitFor();
    const said = await rig.next("message");
    expect(said).toMatchObject({ text: "ship **it**?" });

    const { receipt } = await rig.send("discord:1000000000000000201", {
      kind: "card",
      card: cardOf({ question: "Ship _1.2_?" }),
    });
    await pane.getByText("Ship _1.2_?").waitFor();
    await pane.getByRole("button", { name: "no", exact: true }).click();
    const modal = pane.getByRole("dialog", { name: "no: why?" });
    await modal.getByLabel("Reason").fill("too risky");
    await modal.getByRole("button", { name: "Submit" }).click();
    expect(await rig.next("action")).toMatchObject({ option: "no", reason: "too risky" });
    const settled = cardOf({
      status: "answered",
      outcomeLine: "Denied by Ana via Discord",
      outcome: { option: "no", by: "Ana", channel: "discord", at: 1, reason: "too risky" },
    });
    await rig.edit("discord:1000000000000000201", { kind: "card", card: settled }, receipt);
    await pane.getByText("Denied by Ana via Discord").waitFor();
    expect(await pane.locator(".buttons button").count()).toBe(0);

    await page.getByRole("button", { name: /^Bob/ }).click();
    await pane.getByText("Denied by Ana via Discord").waitFor();
    await pane.getByRole("textbox", { name: "Write in Discord" }).fill("/work");
    await pane.getByRole("button", { name: "/workflow run" }).click();
    await page.keyboard.type("dep");
    await pane.getByRole("button", { name: /^deploy/ }).click();
    await page.keyboard.press("Enter");
    expect(await rig.next("command")).toMatchObject({ command: "workflow", text: "run deploy" });
    await pane.getByText("Factory is thinking").waitFor();
    expect(complaints).toEqual([]);
  });
});
