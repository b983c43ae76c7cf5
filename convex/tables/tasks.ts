import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vTaskStatus = v.union(
  v.literal("BACKLOG"),
  v.literal("ASSIGNED"),
  v.literal("IN_PROGRESS"),
  v.literal("IN_REVIEW"),
  v.literal("COMPLETE"),
  v.literal("BLOCKED"),
);
export const vTaskPriority = v.union(v.literal("low"), v.literal("medium"), v.literal("high"), v.literal("urgent"));

/** A team with its work: persons and agents. The first one is made with the first task. */
export const factories = defineTable({ name: v.string() }).index("by_name", ["name"]);

export const projects = defineTable({
  factoryId: v.id("factories"),
  name: v.string(),
  /** `owner/name` on GitHub. Absent or null: none. */
  repo: v.optional(v.union(v.string(), v.null())),
}).index("by_factoryId_and_name", ["factoryId", "name"]);

export const tasks = defineTable({
  /** What people call it: `T1`, `T2`, …; counts up within the factory. */
  number: v.number(),
  factoryId: v.id("factories"),
  projectId: v.union(v.id("projects"), v.null()),
  title: v.string(),
  description: v.union(v.string(), v.null()),
  priority: vTaskPriority,
  status: vTaskStatus,
  /** Where a blocked task goes back to; null unless BLOCKED. */
  blockedFrom: v.union(vTaskStatus, v.null()),
  assignee: v.union(v.string(), v.null()),
  assigneeType: v.union(v.literal("human"), v.literal("agent"), v.null()),
  /** A person as shown, or the agent that made it: `agent:taskManager`. */
  createdBy: v.string(),
  updatedAt: v.number(),
  tags: v.optional(v.array(v.string())),
  /** GitHub issues as `owner/name#12`. */
  issues: v.optional(v.array(v.string())),
})
  .index("by_factoryId_and_number", ["factoryId", "number"])
  .index("by_factoryId_and_status", ["factoryId", "status"])
  .index("by_projectId_and_status", ["projectId", "status"]);

export const taskTables = { factories, projects, tasks };
