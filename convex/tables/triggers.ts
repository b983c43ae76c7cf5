import { defineTable } from "convex/server";
import { v } from "convex/values";

export const triggerTables = {
  /** A workflow that is started by the clock. `file`: from the definition's own `schedule`; `command`: set by a person. */
  schedules: defineTable({
    workflow: v.string(),
    origin: v.union(v.literal("file"), v.literal("command")),
    cron: v.string(),
    timeZone: v.string(),
    /** JSON text. */
    input: v.string(),
    /** As whom its runs act. */
    personId: v.id("people"),
    createdAt: v.number(),
    /** When it is due next, and the call that is scheduled for then. Null: never again. */
    nextAt: v.union(v.number(), v.null()),
    scheduledId: v.union(v.id("_scheduled_functions"), v.null()),
    lastAt: v.union(v.number(), v.null()),
    lastRunId: v.union(v.id("runs"), v.null()),
    /** Why the last start was refused; null: it was not. */
    lastError: v.union(v.string(), v.null()),
  })
    .index("by_workflow", ["workflow"])
    .index("by_nextAt", ["nextAt"]),

  /** Events from outside that were taken, so that each is taken once. Kept for days; see `hooks.sweep`. */
  hookEvents: defineTable({
    name: v.string(),
    /** What the sender proved to have sent: a repetition has the same. */
    key: v.string(),
    /** The sender's own name for the event, the same when it signs it anew. Null: it gives none. */
    eventId: v.union(v.string(), v.null()),
    /** JSON text; forgotten once it has been handed to everybody who waits. */
    body: v.string(),
    eventKey: v.union(v.string(), v.null()),
    started: v.array(v.id("runs")),
    refused: v.number(),
    resumed: v.number(),
    done: v.boolean(),
  })
    .index("by_key", ["key"])
    .index("by_name_and_eventId", ["name", "eventId"]),
};
