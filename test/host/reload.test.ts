import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { expect, test } from "vitest";
import { temporaryApp } from "../../src/host/bundle/temporary_app.test-support.ts";
import { startHost } from "../../src/host/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: no generated code
const api = anyApi as any;
const source = (answer: string) =>
  `import { queryGeneric } from "convex/server"; import { other } from "./other.helper.ts";
   export const ask = queryGeneric(async () => ${answer} + other);`;

test("a changed source is answered from at once; a broken one is told and the last good code goes on", async () => {
  using app = temporaryApp({
    // Without an import at the start of a line a file is no module.
    "a.ts": `\n${source('"one "')}`,
    "other.helper.ts": "export const other = 1;",
  });
  const dataDir = mkdtempSync(join(tmpdir(), "convex-reload-"));
  const logs: string[] = [];
  let client: ConvexClient | undefined;
  const host = await startHost({
    appDir: app.root,
    dataDir,
    port: 0,
    env: {},
    watch: true,
    log: ({ text }) => logs.push(text),
  });
  try {
    const http = new ConvexHttpClient(host.url, { logger: false });
    const ask = () => http.query(api.a.ask, {});
    expect(await ask()).toBe("one 1");
    client = new ConvexClient(host.url, { logger: false });
    const pushed: string[] = [];
    client.onUpdate(api.a.ask, {}, (answer: string) => pushed.push(answer));
    await expect.poll(() => pushed).toEqual(["one 1"]);
    app.write({ "a.ts": source('"two "') });
    await expect.poll(ask, { timeout: 10_000 }).toBe("two 1");
    app.write({ "a.ts": "export const = broken" });
    await expect
      .poll(() => logs.some((text) => /not reloaded[\s\S]*a\.ts:1/.test(text)), { timeout: 10_000 })
      .toBe(true);
    expect(await ask()).toBe("two 1");
    app.write({ "a.ts": source('"three "'), "other.helper.ts": "export const other = 2;" });
    await expect.poll(ask, { timeout: 10_000 }).toBe("three 2");
    // Nothing was written: subscribers hear of the change because the code is another.
    await expect.poll(() => pushed).toEqual(["one 1", "two 1", "three 2"]);
  } finally {
    await client?.close();
    await host.stop(1_000);
    rmSync(dataDir, { recursive: true, force: true });
  }
});
