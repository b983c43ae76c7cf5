/** What each command does. Every reply is one message; a refusal is thrown and becomes the reply (`inbound.ts`). */
import type { OutMessage } from "../../src/contract/message.ts";
import { editingWord, waysFor } from "../../src/flow/answer.ts";
import { type Command, helpLines } from "../../src/flow/command.ts";
import { changing } from "../../src/flow/edits.ts";
import { coerceInput } from "../../src/flow/schema.ts";
import type { MutationCtx } from "../_generated/server.js";
import { answerText, codesIn, pendingList } from "./answering.ts";
import { demandApproval, formOf, isAskedInPrivate, openFor } from "./approvals.ts";
import { cardFor } from "./cards.ts";
import { noteListed } from "./codes.ts";
import { definitionOf } from "./definitions.ts";
import { enrol } from "./enrolment.ts";
import { fail } from "./errors.ts";
import { reassign, resend } from "./hand_on.ts";
import { type Acting, demandPerson } from "./people.ts";
import { findRun, recentRuns } from "./run_lookup.ts";
import { viewRun, viewStatus } from "./run_view.ts";
import { endingLine, runTitle, statusLine } from "./run_words.ts";
import { cancelRun, demandRun, startRun } from "./runs.ts";
import { age, sentence } from "./words.ts";
import { demandLatest } from "./workflows.ts";

const MAX_RUNS = 10;
const MAX_WORKFLOWS = 50;

export interface CommandCall {
  acting: Acting;
  origin: { place: string; threadKey: string | null; private: boolean };
  /** Only this person reads the reply, so it may show their codes. */
  alone: boolean;
  /** Stable for the event that carried the command: what starts something starts it once. */
  requestKey: string;
  /** Commands are written without the slash on this channel. */
  bare: boolean;
}

export async function runCommand(ctx: MutationCtx, command: Command, call: CommandCall): Promise<OutMessage> {
  const { acting, origin } = call;
  switch (command.kind) {
    case "run": {
      const definition = definitionOf(await demandLatest(ctx, command.workflow));
      const run = await startRun(ctx, {
        acting,
        workflow: command.workflow,
        definition: null,
        input: JSON.stringify(coerceInput(definition.inputs, command.input)),
        title: null,
        origin,
        requestKey: call.requestKey,
      });
      const view = await viewRun(ctx, run, null);
      return say(`Started **${view.title}** (run ${view.runId}): ${statusLine(view)}.`);
    }
    case "status":
      return command.run === null ? await runList(ctx, acting) : await oneRun(ctx, acting, command.run);
    case "cancel": {
      const found = await findRun(ctx, command.run);
      const run = await cancelRun(ctx, found ?? (await demandRun(ctx, command.run)), acting, null);
      return say(`${endingLine({ title: run.title, runId: run._id, status: "cancelled" })}.`);
    }
    case "workflows":
      return await workflowList(ctx);
    case "pending": {
      const open = await openFor(ctx, acting.person._id);
      if (call.alone) await noteListed(ctx, acting.person._id, codesIn(open));
      return pendingList(open, { private: call.alone });
    }
    case "help":
      return whole(["You can write to me in plain words, or use:", ...helpLines(call.bare).map((line) => `- ${line}`)]);
    case "answer": {
      const reply = await answerText(ctx, acting, command.text, { private: call.alone });
      if (reply !== null) return reply;
      return fail("not_found", "no question with this code is open for you", {
        remedy: call.bare ? "PENDING lists the open ones" : "/pending lists the open ones",
      });
    }
    case "more": {
      const approval = await demandApproval(ctx, acting.person._id, command.code);
      if (!call.alone && isAskedInPrivate(approval))
        fail("forbidden", "this was asked in private, so it is not shown here", {
          remedy: "ask me in a direct message",
        });
      const card = await cardFor(ctx, approval, call.alone ? acting.person._id : null);
      const payload = card.payload === null ? [] : [`\`\`\`\n${card.payload}\n\`\`\``];
      const ways =
        card.status === "pending" && card.code !== null
          ? answerWays({ ...approval, approvalId: approval._id, code: card.code, form: formOf(approval) })
          : (card.outcomeLine ?? "");
      return whole([card.question, card.context, ...payload, ways]);
    }
    case "reassign": {
      const approval = await demandApproval(ctx, acting.person._id, command.code);
      const to = await demandPerson(ctx, command.person, "person");
      return say((await reassign(ctx, acting, approval, to)).message);
    }
    case "resend": {
      const approval = await demandApproval(ctx, acting.person._id, command.code);
      return say((await resend(ctx, acting, approval, call.requestKey)).message);
    }
    case "enrol": {
      if (!call.alone) fail("forbidden", "a code is for one person only", { remedy: "ask me in a private message" });
      const { code, expiresAt, name } = await enrol(ctx, acting, command.person ?? acting.person.name, command.channel);
      const minutes = Math.round((expiresAt - Date.now()) / 60_000);
      return say(
        `Send **${code}** to me by ${command.channel} within ${minutes} minutes: that account is ${name}'s then.`,
      );
    }
    case "malformed":
      return say(`${sentence(command.message)} Usage: ${command.usage}`);
  }
}

function answerWays(question: Parameters<typeof waysFor>[0]): string {
  const changed = changing(question.form, editingWord(question), question.code);
  return [
    `Answer: ${waysFor(question, true)}`,
    ...(changed === null || question.freeText ? [] : [`With a changed value: ${changed}`]),
  ].join("\n");
}

async function runList(ctx: MutationCtx, acting: Acting): Promise<OutMessage> {
  const now = Date.now();
  const runs = await recentRuns(ctx, acting.person._id, MAX_RUNS);
  const items = [];
  for (const run of runs) {
    items.push({
      key: run._id,
      text: `${run.title}: ${statusLine(await viewStatus(ctx, run))}`,
      detail: `started ${age(now - run.startedAt)}`,
    });
  }
  return {
    kind: "list",
    title: "Your runs",
    items,
    empty: "You have started no runs. /workflow list shows what can be started.",
  };
}

async function oneRun(ctx: MutationCtx, acting: Acting, reference: string): Promise<OutMessage> {
  const run = await findRun(ctx, reference);
  const view = await viewRun(ctx, run ?? (await demandRun(ctx, reference)), acting.person._id);
  const items = view.nodes.slice(-20).map((node) => ({
    key: null,
    text: `${node.id}: ${node.status}${node.attempt > 1 ? ` (attempt ${node.attempt})` : ""}`,
    detail: node.error,
  }));
  return {
    kind: "list",
    title: runTitle(view),
    items,
    empty: "It has not begun yet.",
  };
}

async function workflowList(ctx: MutationCtx): Promise<OutMessage> {
  const rows = await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_name", (q) => q.eq("latest", true))
    .take(MAX_WORKFLOWS);
  return {
    kind: "list",
    title: "Workflows",
    items: rows.map((row) => ({ key: row.name, text: row.title, detail: row.description })),
    empty: "No workflow is installed. Add one with: factory workflow create FILE",
  };
}

const say = (text: string): OutMessage => ({ kind: "text", text, onlyTo: null });
const whole = (lines: string[]): OutMessage => ({
  kind: "text",
  text: lines.join("\n").trim(),
  onlyTo: null,
  whole: true,
});
