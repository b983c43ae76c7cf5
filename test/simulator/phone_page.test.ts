/** The phone in a real browser: texts in both directions, what they cost, and a phone that is off. */
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { ANA, BOB, PUBLIC_URL, say, startSms } from "../../channels/sms/harness.test-support.ts";
import { startSimServer } from "../../src/simulator/http.ts";
import { createSimulatorPage, PAGE_PATH } from "../../src/simulator/page.ts";
import { closeBrowser, noBrowser, sitAt } from "./browser.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(closeBrowser);

describe.skipIf(noBrowser !== "")(`a phone on the simulator's page${noBrowser}`, () => {
  test("a text arrives, is answered, and Bob's phone is another", async () => {
    const sms = await startSms();
    closing.push(() => sms.close());
    await sms.start();
    const page = createSimulatorPage([{ name: "phone", title: "Phone", control: sms.twilio.control }]);
    const server = await startSimServer({
      ...{ port: 0, host: "127.0.0.1" },
      handler: async (request) =>
        request.path.startsWith(PAGE_PATH)
          ? await page({ ...request, path: request.path.slice(PAGE_PATH.length) || "/" })
          : null,
    });
    closing.push(() => server.close());
    const { page: browser, complaints } = await sitAt(`${server.url}${PAGE_PATH}/`);
    const pane = browser.locator(".phone");
    await sms.adapter.send(sms.delivery(say("Ship <b>1.2</b>? Reply YES 4K or NO 4K")));
    await pane.getByText("Ship <b>1.2</b>? Reply YES 4K or NO 4K").waitFor();
    await pane.getByRole("textbox", { name: "Text message" }).fill("YES 4K");
    await browser.keyboard.press("Enter");
    await pane.getByText("YES 4K", { exact: true }).waitFor();
    await expect.poll(() => sms.backend.texts()).toEqual(["YES 4K"]);

    await sms.adapter.send(sms.delivery(say("Выпустить?"), { place: `sms:${BOB}` }));
    await expect.poll(() => sms.twilio.read(BOB).length).toBe(1);
    await browser.getByRole("button", { name: /^Bob/ }).click();
    await pane.getByText("Выпустить?").waitFor();
    await pane.getByText("UCS-2").waitFor();
    expect(await pane.getByText("YES 4K", { exact: true }).count()).toBe(0);

    await pane.getByRole("button", { name: "Switch off" }).click();
    await pane.getByText("This phone is off").waitFor();
    await sms.adapter.send(sms.delivery(say("anybody there?"), { place: `sms:${BOB}` }));
    await expect.poll(() => sms.backend.reports.at(-1)?.state).toBe("failed");
    expect(await pane.getByText("anybody there?").count()).toBe(0);
    expect(sms.twilio.phone(ANA).kind).toBe("mobile");
    expect(PUBLIC_URL).toContain("https://");
    expect(complaints).toEqual([]);
  });

  test("the control surface takes no forms, as another site could send them", async () => {
    const sms = await startSms();
    closing.push(() => sms.close());
    const response = await fetch(`${sms.apiUrl}/control/phones/${encodeURIComponent(ANA)}/text`, {
      method: "POST",
      body: new URLSearchParams({ body: "YES" }),
    });
    expect(response.status).toBe(415);
    expect(sms.twilio.read(ANA)).toEqual([]);
  });
});
