import { internalMutation } from "./_generated/server.js";
import { fail } from "./model/errors.ts";
import { vFunctionCall } from "./model/functions.ts";
import { parseJson, toJsonText } from "./model/json.ts";

/**
 * `tool::record`: one row a key. `count` says how often it was written, so that a test can see whether an effect happened twice.
 * Arguments `{key?, value?}`; the key is the call's own when none is given.
 */
export const write = internalMutation({
  args: { call: vFunctionCall },
  handler: async (ctx, { call }): Promise<string> => {
    const args = parseJson(call.args, "args");
    if (args === null || typeof args !== "object" || Array.isArray(args)) {
      fail("invalid_input", "tool::record needs the arguments {key, value}", { field: "config" });
    }
    const key = typeof args.key === "string" && args.key !== "" ? args.key : call.key;
    const value = toJsonText(args.value ?? null, "value");
    const row = await ctx.db
      .query("records")
      .withIndex("by_key", (q) => q.eq("key", key))
      .unique();
    const at = Date.now();
    if (row === null) await ctx.db.insert("records", { key, value, count: 1, at });
    else await ctx.db.patch("records", row._id, { value, count: row.count + 1, at });
    return toJsonText({ key, count: (row?.count ?? 0) + 1, at }, "output");
  },
});
