import { defineTable } from "convex/server";
import { v } from "convex/values";

export const fileTables = {
  /** A file that agents may read. The bytes are in Convex's file storage; `nameKey` is the name as it is looked up, unique. */
  files: defineTable({
    name: v.string(),
    nameKey: v.string(),
    storageId: v.id("_storage"),
    contentType: v.union(v.string(), v.null()),
    bytes: v.number(),
    addedBy: v.id("people"),
    addedByShown: v.string(),
    at: v.number(),
  })
    .index("by_nameKey", ["nameKey"])
    .index("by_storageId", ["storageId"]),
};
