import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vProfileKind = v.union(v.literal("role"), v.literal("hand"));

export const profileTables = {
  /** Roles and hands: what their files said last. Steps name them; a run reads them when a step begins. */
  profiles: defineTable({
    kind: vProfileKind,
    name: v.string(),
    title: v.string(),
    description: v.union(v.string(), v.null()),
    /** The parsed file (`Role` or `Hand` of src/flow) as canonical JSON text, and its SHA-256. */
    profile: v.string(),
    hash: v.string(),
    file: v.string(),
    installedBy: v.id("people"),
    at: v.number(),
  }).index("by_kind_and_name", ["kind", "name"]),

  /** What the machines of the gateways can do, as each said at its start. */
  machines: defineTable({
    gatewayId: v.string(),
    /** `bubblewrap`, `docker`: only those that were seen to work. */
    sandboxes: v.array(v.string()),
    /** FACTORY_WORKSPACE is set and is there. */
    workspace: v.boolean(),
    at: v.number(),
  }).index("by_gatewayId", ["gatewayId"]),
};
