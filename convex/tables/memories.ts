import { defineTable } from "convex/server";
import { v } from "convex/values";

/** Vectors of any model are made to fit: shorter ones are filled with zeros, longer ones cut (see `agents/embedding.ts`). */
export const VECTOR_DIMENSIONS = 1536;

export const memoryTables = {
  /** A short fact that somebody wanted kept, or what a run came to. Forgetting deletes the row. */
  memories: defineTable({
    /** People call it `M7`. */
    number: v.number(),
    /** Who may be told: `person:ID`, that person in private places; `shared`, everybody everywhere. */
    audience: v.string(),
    text: v.string(),
    /** Of the text as it is compared: the same fact is kept once for an audience. */
    textHash: v.string(),
    source: v.union(v.literal("said"), v.literal("run")),
    /** Who said it; null: a run did. */
    personId: v.union(v.id("people"), v.null()),
    author: v.string(),
    /** What it is about; null: the factory, or the person. */
    projectId: v.union(v.id("projects"), v.null()),
    at: v.number(),
  })
    .index("by_number", ["number"])
    .index("by_audience", ["audience"])
    .index("by_audience_and_textHash", ["audience", "textHash"])
    .index("by_source", ["source"])
    .searchIndex("search_text", { searchField: "text", filterFields: ["audience"] }),

  /** The highest number that was forgotten, one row. Absent: none was. No number is given twice. */
  memoryNumbers: defineTable({ highest: v.number() }),

  /** `space`: the embedding model and the audience, because vectors of different models cannot be compared. */
  memoryVectors: defineTable({ memoryId: v.id("memories"), space: v.string(), vector: v.array(v.float64()) })
    .index("by_memoryId", ["memoryId"])
    .index("by_space", ["space"])
    .vectorIndex("by_vector", { vectorField: "vector", dimensions: VECTOR_DIMENSIONS, filterFields: ["space"] }),
};
