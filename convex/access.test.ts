// @vitest-environment edge-runtime
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { describe, expect, test } from "vitest";
import { newId } from "../src/host/values/ids.ts";
import { createBackend } from "../test/backend.ts";
import type { TableNames } from "./_generated/dataModel.js";
import type { QueryCtx } from "./_generated/server.js";
import schema from "./schema.ts";

const modules = import.meta.glob([
  "./**/*.ts",
  "!./**/*.test.ts",
  "!./**/*.test-support.ts",
  "!./_generated/**",
  "!./*.config.ts",
  "!./schema.ts",
]);

interface Registered {
  isPublic?: boolean;
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  isHttp?: boolean;
  exportArgs?: () => string;
}

interface Found {
  name: string;
  kind: "query" | "mutation" | "action";
  args: Record<string, unknown>;
}

/** Every public function of the backend, with arguments that its validators accept. */
async function publicFunctions(ids: Record<string, string>): Promise<Found[]> {
  const found: Found[] = [];
  for (const [path, load] of Object.entries(modules)) {
    for (const [name, value] of Object.entries((await load()) as Record<string, Registered>)) {
      if (value?.isPublic !== true) continue;
      const kind = value.isQuery ? "query" : value.isMutation ? "mutation" : "action";
      const args = sample(JSON.parse(value.exportArgs?.() ?? "null"), ids) as Record<string, unknown>;
      found.push({ name: `${path.replace(/^\.\/|\.ts$/g, "")}:${name}`, kind, args });
    }
  }
  return found;
}

// biome-ignore lint/suspicious/noExplicitAny: the exported form of a validator, walked generically
function sample(type: any, ids: Record<string, string>): unknown {
  switch (type?.type) {
    case "object":
      return Object.fromEntries(
        Object.entries<{ fieldType: unknown; optional: boolean }>(type.value)
          .filter(([, field]) => !field.optional)
          .map(([name, field]) => [name, sample(field.fieldType, ids)]),
      );
    case "union":
      return sample(type.value[0], ids);
    case "literal":
      return type.value;
    case "array":
      return [];
    case "record":
      return {};
    case "string":
      return "x";
    case "number":
      return 1;
    case "boolean":
      return true;
    case "id":
      return ids[type.tableName] ?? `an id of ${type.tableName}: add one to the test`;
    default:
      return null;
  }
}

/** An id of each table, which its validator accepts; no row has it. */
function idsOf({ normalizeId }: QueryCtx["db"]): Record<string, string> {
  const ids: Record<string, string> = {};
  const tables = Object.keys(schema.tables) as TableNames[];
  // The first tables of a deployment have the numbers from 10,001 on.
  for (let number = 10_001; number < 10_500; number++) {
    const id = newId(number, 0);
    for (const table of tables) if (normalizeId(table, id) !== null) ids[table] = id;
  }
  return ids;
}

describe("I9: only the gateway may call public functions", () => {
  test("every public function refuses a call without the gateway's token, and one with somebody else's", async () => {
    const { anonymous } = createBackend();
    const stranger = anonymous.withIdentity({ issuer: "https://elsewhere.invalid", subject: "gateway" });
    const other = anonymous.withIdentity({ issuer: "https://factory.invalid/gateway", subject: "somebody" });
    const _storage = await anonymous.run(async ({ storage }) => await storage.store(new Blob(["x"])));
    const found = await publicFunctions({ ...(await anonymous.run(async ({ db }) => idsOf(db))), _storage });
    expect(found.length).toBeGreaterThan(20);
    for (const { name, kind, args } of found) {
      for (const caller of [anonymous, stranger, other]) {
        const call = (): Promise<unknown> => {
          if (kind === "query") return caller.query(makeFunctionReference(name) as FunctionReference<"query">, args);
          if (kind === "mutation") {
            return caller.mutation(makeFunctionReference(name) as FunctionReference<"mutation">, args);
          }
          return caller.action(makeFunctionReference(name) as FunctionReference<"action">, args);
        };
        const refused = await call().then(
          () => `${name} answered`,
          (thrown: { data?: unknown; message: string }) => JSON.stringify(thrown.data ?? thrown.message),
        );
        expect(refused, name).toContain("unauthenticated");
      }
    }
  });

  test("public functions are queries, mutations and actions of the gateway only: no HTTP action is public", async () => {
    expect(Object.keys(modules)).not.toContain("./http.ts");
    for (const [path, load] of Object.entries(modules))
      for (const [name, value] of Object.entries((await load()) as Record<string, Registered>))
        expect(value?.isHttp, `${path}:${name}`).not.toBe(true);
  });
});
