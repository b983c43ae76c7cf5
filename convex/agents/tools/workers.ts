/** Work on code: given out by the Factory Manager, done by the Factory Worker in a sandbox on a gateway's machine. */
import { z } from "zod";
import { commandText, zArgv } from "../../../src/contract/command.ts";
import { demandBudgetFor } from "../../model/spend.ts";
import { TASK_STATUSES } from "../../model/task_machine.ts";
import {
  askForHelp,
  demandDispatchable,
  demandInWork,
  demandMachine,
  dispatch,
  moveOwnTask,
  ownTask,
  report,
} from "../../model/workers.ts";
import { effect, outside } from "./define.ts";

const LONGEST_COMMAND_MS = 30 * 60_000;
/** Beside the command itself: its worktree and its branch. */
const AROUND_MS = 120_000;
const MAX_TEXT = 4000;
const ownTaskName = z.string().max(20).optional().describe("Your task's name; leave out: it is yours anyway");

export const workerTools = {
  dispatchCodingTask: effect({
    description:
      "Give a task to the Factory Worker, which works on the code in a sandbox on a branch of its own and reports to the engineering channel. The person is asked first.",
    input: z.object({
      task: z.string().max(20).describe("The task's name, for example T7"),
      instructions: z
        .string()
        .trim()
        .min(1)
        .max(MAX_TEXT)
        .describe("What is to be done, with the commands to run where they matter, each in backticks"),
    }),
    gated: true,
    capability: "shell.exec",
    check: async (ctx, _call, { task }) => {
      await demandDispatchable(ctx, task);
      await demandBudgetFor(ctx, task);
    },
    question: ({ task, instructions }) => `Give ${task} to the Factory Worker: ${instructions}?`,
    run: async (ctx, call, input) => await dispatch(ctx, call, input),
  }),
  executeCommand: outside({
    description:
      "Run a command in your task's worktree: a program and its arguments, no shell unless you name one. No network. Returns exit code and the end of what it printed. The person is asked first, unless a policy allows it.",
    input: z.object({
      command: zArgv.describe('The program and its arguments, for example ["npm", "test"]'),
      timeoutMs: z.number().int().min(1000).max(LONGEST_COMMAND_MS).optional().describe("Absent: 5 minutes"),
      task: ownTaskName,
    }),
    performer: "machine",
    timeoutMs: LONGEST_COMMAND_MS + AROUND_MS,
    capability: "shell.exec",
    prepare: async (ctx, serving, input) => ({ ...input, task: (await ownTask(ctx, serving, input.task)).label }),
    check: async (ctx, call, { task }) => {
      await demandInWork(ctx, call, task);
      await demandMachine(ctx);
    },
    question: ({ command, task }) => `Run \`${commandText(command)}\` for ${task ?? "its task"}?`,
  }),
  updateTaskStatus: effect({
    description: "Move your own task to another status, with a reason.",
    input: z.object({
      status: z
        .enum(TASK_STATUSES)
        .describe("IN_REVIEW when it is ready to be looked at; BLOCKED when it cannot go on"),
      reason: z.string().max(500).optional().describe("Why, for the record"),
      task: ownTaskName,
    }),
    run: async (ctx, call, input) => await moveOwnTask(ctx, call, input),
  }),
  reportProgress: effect({
    description: "Say in the engineering channel how your task stands. Short: what is done, what comes next.",
    input: z.object({ text: z.string().trim().min(1).max(MAX_TEXT), task: ownTaskName }),
    run: async (ctx, call, input) => await report(ctx, call, input),
  }),
  requestHelp: effect({
    description:
      "Ask the support channel for help when you cannot go on. Your task becomes BLOCKED; end your work with it.",
    input: z.object({
      problem: z.string().trim().min(1).max(MAX_TEXT).describe("What stops you, what you tried, what you need"),
      task: ownTaskName,
    }),
    run: async (ctx, call, input) => await askForHelp(ctx, call, input),
  }),
};
