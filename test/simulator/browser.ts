/** A real browser on the simulator's page. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

export const CHROMIUM = "/usr/bin/chromium";
/** For `describe.skipIf(reason !== "")`: the reason stands in the name. */
export const noBrowser = existsSync(CHROMIUM) ? "" : ` (skipped: no browser at ${CHROMIUM})`;

export interface Sitting {
  page: Page;
  /** What the page complained about: errors and refused scripts. */
  complaints: string[];
}

let browser: Browser | null = null;

export async function sitAt(url: string): Promise<Sitting> {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = null;
}
