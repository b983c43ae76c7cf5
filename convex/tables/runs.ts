import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vRunStatus = v.union(
  v.literal("running"),
  v.literal("waiting"),
  v.literal("completed"),
  v.literal("failed"),
  v.literal("cancelled"),
);

export const vOrigin = v.object({
  place: v.string(),
  threadKey: v.union(v.string(), v.null()),
  private: v.boolean(),
});

export const runTables = {
  /** One execution. Foreign JSON (`input`, `state`, `result`) is canonical JSON text. */
  runs: defineTable({
    definitionId: v.id("workflows"),
    workflow: v.string(),
    version: v.number(),
    title: v.string(),
    status: vRunStatus,
    startedBy: v.id("people"),
    /** As shown to people: "Ana", "operator (root) for Ana". */
    startedByShown: v.string(),
    /** Who counts for four eyes: the operator's own person when somebody acted for another. */
    requester: v.id("people"),
    /** Where the run was asked for: its questions go there. Null: to each approver's own handle. */
    origin: v.union(vOrigin, v.null()),
    requestKey: v.union(v.string(), v.null()),
    /** Roles that are done by another for this run, `{"coder": "my-coder"}` as JSON text. Absent: none. */
    agents: v.optional(v.string()),
    /** The run that this one repeats from a node, with what that one had found before. Absent: it begins at its beginning. */
    restartOf: v.optional(v.id("runs")),
    fromNodeId: v.optional(v.string()),
    input: v.string(),
    /** Where the run stands (tokens, loops, joins), opaque here: only `src/flow` reads it. */
    state: v.string(),
    result: v.union(v.string(), v.null()),
    error: v.union(v.string(), v.null()),
    startedAt: v.number(),
    endedAt: v.union(v.number(), v.null()),
    /** Who cancelled it (as shown to people; null: a run above it ended), and why. Absent: it was not cancelled, or the row is older. */
    cancelled: v.optional(v.object({ by: v.union(v.string(), v.null()), reason: v.union(v.string(), v.null()) })),
    /** The run that waits for this one, and its wait; null for a run that somebody started. */
    parentId: v.union(v.id("runs"), v.null()),
    parentWaitId: v.union(v.string(), v.null()),
    /** Runs above this one; a chain that is too deep is refused. */
    depth: v.number(),
    /** The durable workflow that drives this run now. */
    driverId: v.union(v.string(), v.null()),
    /** The one that was parked when the run ended: its journal is removed in the background, a few at a time. Absent: there is none. */
    spentDriverId: v.optional(v.string()),
    /** The event the driver is parked on, not sent yet. Null: the driver is on its way and will read every signal by itself. */
    wakeEventId: v.union(v.string(), v.null()),
    /** Wakes of this segment of the driver; after MAX_WAKES a new segment begins, so that its journal stays short. */
    wakes: v.number(),
    /** Node rows so far: the next one's `seq`. */
    nodeCount: v.number(),
    /** Rows of all its nodes, `{"review#2": ID}` as JSON text. Absent: they are many, the run is over or older: look them up. */
    nodeRows: v.optional(v.string()),
    /** True: signals were kept for the next transaction, for want of room in the last one. Absent: nobody knows. */
    keepsSignals: v.optional(v.boolean()),
    segment: v.number(),
    /** Segments in a row that ended in an error. */
    driverFailures: v.number(),
  })
    .index("by_status", ["status"])
    .index("by_requestKey", ["requestKey"])
    .index("by_spentDriverId", ["spentDriverId"])
    .index("by_parentId_and_endedAt", ["parentId", "endedAt"]),

  runVariables: defineTable({ runId: v.id("runs"), name: v.string(), value: v.string() }).index("by_runId_and_name", [
    "runId",
    "name",
  ]),

  /** What happened at each visit of a node (`nodeKey`: `review`, `review#2`), newest attempt; `seq` is the order in which they began. */
  runNodes: defineTable({
    runId: v.id("runs"),
    nodeKey: v.string(),
    nodeId: v.string(),
    type: v.string(),
    status: v.string(),
    attempt: v.number(),
    seq: v.number(),
    startedAt: v.union(v.number(), v.null()),
    endedAt: v.union(v.number(), v.null()),
    error: v.union(v.string(), v.null()),
    /** The whole error, ErrorInfo as JSON text. Absent: there is none, or the row is older than 0.2. */
    errorInfo: v.optional(v.string()),
  })
    .index("by_runId_and_seq", ["runId", "seq"])
    .index("by_runId_and_nodeKey", ["runId", "nodeKey"]),

  /**
   * What ended a wait: a verdict, a job's result, a timer. One row a wait, by its unique key (`RUN/WAIT`), so that nothing ends
   * twice. A row that is not consumed yet is work for the next `advance`.
   */
  signals: defineTable({
    runId: v.id("runs"),
    waitId: v.string(),
    key: v.string(),
    /** The `Signal` of src/flow as JSON text. */
    signal: v.string(),
    consumed: v.boolean(),
    at: v.number(),
  })
    .index("by_key", ["key"])
    .index("by_runId_and_consumed", ["runId", "consumed"]),

  /** A wait for a time, keyed like its signal. `scheduledId` is cancelled when the wait ends otherwise. */
  timers: defineTable({
    runId: v.id("runs"),
    waitId: v.string(),
    key: v.string(),
    nodeId: v.string(),
    dueAt: v.number(),
    scheduledId: v.id("_scheduled_functions"),
    status: v.union(v.literal("pending"), v.literal("fired"), v.literal("cancelled")),
  })
    .index("by_key", ["key"])
    .index("by_runId_and_status", ["runId", "status"]),

  /** Who waits for an event from outside. */
  eventWaits: defineTable({
    runId: v.id("runs"),
    waitId: v.string(),
    key: v.string(),
    name: v.string(),
    eventKey: v.union(v.string(), v.null()),
    open: v.boolean(),
  })
    .index("by_key", ["key"])
    .index("by_name_and_open", ["name", "open"])
    .index("by_name_and_eventKey_and_open", ["name", "eventKey", "open"])
    .index("by_runId_and_open", ["runId", "open"]),

  /** Spent drivers as versions before 0.2 noted them; now a run's own row says it. */
  spentDrivers: defineTable({ workflowId: v.string() }),

  /** What `tool::record` wrote: one row a key, the witness that an effect happened once. */
  records: defineTable({ key: v.string(), value: v.string(), count: v.number(), at: v.number() }).index("by_key", [
    "key",
  ]),
};
