import { ANALYSIS_PARAPHRASES } from "./offline_analysis.test-support.ts";
import { BACKLOG_PARAPHRASES } from "./offline_backlog.test-support.ts";
import { CHANNEL_PARAPHRASES } from "./offline_channels.test-support.ts";
import { CREW_PARAPHRASES } from "./offline_crew.test-support.ts";
import { FILE_PARAPHRASES } from "./offline_files.test-support.ts";
import { GITHUB_PARAPHRASES } from "./offline_github.test-support.ts";
import { MEMORY_PARAPHRASES } from "./offline_memory.test-support.ts";
import { PEOPLE_PARAPHRASES } from "./offline_people.test-support.ts";
import { RUN_PARAPHRASES } from "./offline_runs.test-support.ts";
import { TASK_MANAGER_PARAPHRASES } from "./offline_tasks.test-support.ts";
import { WORKER_PARAPHRASES } from "./offline_workers.test-support.ts";
import { alike } from "./paraphrases.test-support.ts";
import type { ToolName } from "./tools/index.ts";

type Table = Record<string, Record<string, unknown>>;

/** Message → the input of the tool it must call. */
export const PARAPHRASES: Record<ToolName, Table> = {
  ...ANALYSIS_PARAPHRASES,
  ...GITHUB_PARAPHRASES,
  ...CREW_PARAPHRASES,
  ...TASK_MANAGER_PARAPHRASES,
  ...FILE_PARAPHRASES,
  ...MEMORY_PARAPHRASES,
  ...WORKER_PARAPHRASES,
  ...CHANNEL_PARAPHRASES,
  ...BACKLOG_PARAPHRASES,
  ...RUN_PARAPHRASES,
  ...PEOPLE_PARAPHRASES,
  getTokenSpendSummary: {
    ...alike({}, [
      "how much did we spend?",
      "how much have we spent?",
      "how much money did we spend so far?",
      "how many tokens did we use?",
      "how many tokens have been used",
      "token spend",
      "token spend summary",
      "show the token usage",
      "show me our costs",
      "what are the costs?",
      "what is the total cost?",
      "what did we spend so far?",
      "cost summary",
      "give me a cost report",
      "spending report please",
      "llm costs",
      "costs",
    ]),
    "cost by agent": { by: "agent" },
    "costs per run": { by: "run" },
    "show the cost per task": { by: "task" },
    "token usage by model": { by: "model" },
    ...alike({ by: "task", of: "T3" }, ["what did T3 cost?", "how much did task 3 cost?", "cost of T3"]),
    "what did the last deploy cost?": { by: "run", of: "deploy" },
    "what does the factory manager cost?": { by: "agent", of: "factoryManager" },
    "how much has run k57abc123 cost?": { by: "run", of: "k57abc123" },
  },
};
