/** O6: with nothing configured a person tries the whole way on one page, and a kill -9 in between changes nothing. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { closeBrowser, noBrowser, type Sitting, sitAt } from "../simulator/browser.ts";
import { Place } from "./harness.ts";

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(async () => {
  await closeBrowser();
  await place.dispose();
});

const slackOf = ({ page }: Sitting) => page.locator(".pane-slack");

describe.skipIf(noBrowser !== "")(`the page of the bot${noBrowser}`, () => {
  test("Ana starts a run, Bob may not answer for her, after a kill -9 she approves on the same card", async () => {
    const nothing = { FACTORY_SIMULATE: "" };
    const first = await place.start(nothing);
    const ana = await sitAt(first.ready.simulator!);
    await slackOf(ana).getByText("bot connected").waitFor();
    await slackOf(ana).getByRole("textbox", { name: "Message" }).fill("/workflow run deploy version=1.2");
    await ana.page.keyboard.press("Enter");
    await slackOf(ana).locator(".message", { hasText: "Ship version 1.2" }).locator(".kit-button.primary").waitFor();
    await first.end("SIGKILL");
    await ana.page.getByText("The bot does not answer").waitFor();

    const second = await place.start(nothing);
    const bob = await sitAt(`${second.ready.simulator}#bob`);
    const card = slackOf(bob).locator(".message", { hasText: "Ship version 1.2" });
    await card.locator(".kit-button.primary").click();
    await slackOf(bob).getByText("Only visible to you").waitFor();
    expect(await card.locator(".kit-button.primary").count()).toBe(1);

    await bob.page.getByRole("button", { name: /^Ana/ }).click();
    await card.locator(".kit-button.primary").click();
    await slackOf(bob).getByText("Approved by Ana via Slack").waitFor();
    await expect.poll(() => card.locator(".kit-button").count(), { timeout: 15_000 }).toBe(0);
    const runs = await place.until(["workflow", "runs"], (found) => found[0]?.status === "completed");
    expect(runs).toMatchObject([{ workflow: "deploy", status: "completed", startedBy: "Ana" }]);
    expect(bob.complaints).toEqual([]);
    await second.end("SIGTERM");
  }, 90_000);
});
