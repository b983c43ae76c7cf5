/** Messages that ask another agent → the input of `delegate`. */
const WHY = "why the deploy failed";
const run = (request: string) => ({ agent: "runAnalysis", request });

export const CREW_PARAPHRASES = {
  delegate: {
    "ask the run analysis why the deploy failed": run(WHY),
    "ask run analysis why the deploy failed": run(WHY),
    "please ask the run analysis agent why the deploy failed": run(WHY),
    "can you ask the run analysis why the deploy failed?": run(`${WHY}?`),
    "ask runAnalysis why the deploy failed": run(WHY),
    "ask the run analyst: why the deploy failed": run(WHY),
    "consult the run analysis, why the deploy failed": run(WHY),
    "could you check with the run analysis why the deploy failed": run(WHY),
    "have the run analysis explain the last run": run("explain the last run"),
    "let the run analysis look into the last run": run("look into the last run"),
    "tell the task manager to create a task: fix the login": {
      agent: "taskManager",
      request: "create a task: fix the login",
    },
    "let the task manager list the tasks": { agent: "taskManager", request: "list the tasks" },
    "ask the task manager which tasks are blocked": { agent: "taskManager", request: "which tasks are blocked" },
    "ask the forge analyst to read report.pdf": { agent: "forgeAnalyst", request: "read report.pdf" },
    "have the analyst read report.pdf": { agent: "forgeAnalyst", request: "read report.pdf" },
    "let the forge analyst summarize report.pdf": { agent: "forgeAnalyst", request: "summarize report.pdf" },
    "ask the codebase search where login is defined": { agent: "codebaseSearch", request: "where login is defined" },
    "use codebase search to find login": { agent: "codebaseSearch", request: "find login" },
    "ask code search where login is defined": { agent: "codebaseSearch", request: "where login is defined" },
    "let the pr review look at PR 12": { agent: "prReview", request: "look at PR 12" },
    "ask the PR reviewer to review PR 12": { agent: "prReview", request: "review PR 12" },
    "have the pull request reviewer look at #12": { agent: "prReview", request: "look at #12" },
  },
} satisfies Record<string, Record<string, Record<string, unknown>>>;
