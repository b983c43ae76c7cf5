import { v } from "convex/values";

/** `Actor` of src/contract/actor.ts as a validator of arguments. */
export const vActor = v.union(
  v.object({ kind: v.literal("handle"), handle: v.string(), channel: v.string() }),
  v.object({
    kind: v.literal("operator"),
    osUser: v.string(),
    as: v.union(v.string(), v.null()),
    channel: v.string(),
  }),
);
