/** A hand that has a schedule is a workflow of one step: so it is listed, started, watched and unscheduled like any other. */
import type { Hand } from "../../src/flow/profile.ts";

export const handWorkflowName = (hand: string): string => `hand-${hand}`.slice(0, 64);

export function handWorkflow(hand: Hand): string {
  const { name, title, description, schedule, timeoutMs } = hand;
  return JSON.stringify({
    id: handWorkflowName(name),
    title,
    ...(description === null ? {} : { description }),
    ...(schedule === null ? {} : { schedule: { ...schedule, ...(schedule.input === null ? { input: {} } : {}) } }),
    startNodeId: "work",
    nodes: {
      work: {
        type: "task",
        functionId: "hand::run",
        config: { handId: name, input: "{{input}}" },
        timeoutMs,
        saveAs: "report",
        next: "done",
      },
      done: { type: "end", result: "report" },
    },
  });
}
