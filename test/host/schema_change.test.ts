import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { expect, test } from "vitest";
import { temporaryApp } from "../../src/host/bundle/temporary_app.test-support.ts";
import { type HostStartError, startHost } from "../../src/host/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: no generated code
const api = anyApi as any;

const schema = (fields: string) => `
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ orders: defineTable({ ${fields} }).index("by_number", ["number"]) });`;
const functions = `
import { mutationGeneric, queryGeneric } from "convex/server";
export const add = mutationGeneric(async ({ db }, { count }) => {
  for (let number = 0; number < count; number++) await db.insert("orders", { number });
});
export const count = queryGeneric(async ({ db }) => (await db.query("orders").collect()).length);
export const byNumber = queryGeneric(async ({ db }, { number }) =>
  (await db.query("orders").withIndex("by_number", (q) => q.eq("number", number)).collect()).length);`;

test("a schema that documents violate stops the start and changes nothing; one that they fit is taken over, its index filled", async () => {
  using app = temporaryApp({ "orders.ts": functions });
  const dataDir = mkdtempSync(join(tmpdir(), "convex-schema-"));
  const start = () => startHost({ appDir: app.root, dataDir, port: 0, env: {} });
  try {
    const first = await start();
    await new ConvexHttpClient(first.url, { logger: false }).mutation(api.orders.add, { count: 2_000 });
    await first.stop(1_000);

    app.write({ "schema.ts": schema("number: v.number(), customer: v.string()") });
    const failure = await start().catch((error: unknown) => error as HostStartError);
    expect(failure).toMatchObject({ name: "HostStartError", code: "invalid_schema" });
    expect((failure as HostStartError).message).toMatch(
      /document with ID "\w+" in table "orders" does not match the schema: .*customer.*\n[\s\S]*Nothing was changed\. .*v\.optional/,
    );
    const db = new DatabaseSync(join(dataDir, "convex.sqlite"));
    expect(db.prepare("SELECT count(*) AS n FROM idxs WHERE name = 'by_number'").get()).toEqual({ n: 0 });
    expect(db.prepare("SELECT count(*) AS n FROM docs").get()).toEqual({ n: 2_000 });

    app.write({ "schema.ts": schema("number: v.number(), customer: v.optional(v.string())") });
    const second = await start();
    const http = new ConvexHttpClient(second.url, { logger: false });
    expect(await http.query(api.orders.byNumber, { number: 1_999 })).toBe(1);
    expect(await http.query(api.orders.count, {})).toBe(2_000);
    await second.stop(1_000);

    // As a later version of this program would leave it.
    db.exec("PRAGMA user_version = 99");
    db.close();
    await expect(start()).rejects.toMatchObject({
      code: "newer_version",
      message: expect.stringMatching(/layout 99, this version knows \d+.*Update the program/),
    });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 60_000);
