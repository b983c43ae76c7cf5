import { defineSchema } from "convex/server";
import { agentQuestionTables } from "./tables/agent_questions.ts";
import { approvalTables } from "./tables/approvals.ts";
import { auditTables } from "./tables/audit.ts";
import { budgetTables } from "./tables/budgets.ts";
import { channelTables } from "./tables/channels.ts";
import { codeTables } from "./tables/code.ts";
import { conversationTables } from "./tables/conversations.ts";
import { deliveryTables } from "./tables/deliveries.ts";
import { fileTables } from "./tables/files.ts";
import { githubTables } from "./tables/github.ts";
import { homeTables } from "./tables/homes.ts";
import { inboundTables } from "./tables/inbound.ts";
import { jobTables } from "./tables/jobs.ts";
import { memoryTables } from "./tables/memories.ts";
import { peopleTables } from "./tables/people.ts";
import { policyTables } from "./tables/policies.ts";
import { profileTables } from "./tables/profiles.ts";
import { progressTables } from "./tables/progress.ts";
import { researchTables } from "./tables/research.ts";
import { runTables } from "./tables/runs.ts";
import { spendTables } from "./tables/spend.ts";
import { taskTables } from "./tables/tasks.ts";
import { toolCallTables } from "./tables/tool_calls.ts";
import { triggerTables } from "./tables/triggers.ts";
import { turnTables } from "./tables/turns.ts";
import { watchTables } from "./tables/watch.ts";
import { workerTables } from "./tables/workers.ts";
import { workflowTables } from "./tables/workflows.ts";

export default defineSchema({
  ...peopleTables,
  ...workflowTables,
  ...runTables,
  ...profileTables,
  ...triggerTables,
  ...researchTables,
  ...approvalTables,
  ...agentQuestionTables,
  ...jobTables,
  ...workerTables,
  ...auditTables,
  ...watchTables,
  ...policyTables,
  ...inboundTables,
  ...homeTables,
  ...conversationTables,
  ...turnTables,
  ...toolCallTables,
  ...deliveryTables,
  ...taskTables,
  ...spendTables,
  ...budgetTables,
  ...channelTables,
  ...memoryTables,
  ...progressTables,
  ...fileTables,
  ...codeTables,
  ...githubTables,
});
