import type { ContextOptions } from "@convex-dev/agent";

/** Model calls in one generation; a turn may need several generations, one after each tool with an effect. */
export const MAX_STEPS = 8;

/** The newest messages of the thread, and older ones that contain the words of the question. */
export const CONTEXT_OPTIONS: ContextOptions = {
  recentMessages: 30,
  searchOptions: { textSearch: true, limit: 5, messageRange: { before: 1, after: 1 } },
};
