/** How the offline model words what run analysis has found: the step and its error by name, word for word. Pure. */
import { shorten } from "../model/words.ts";

interface StepError {
  code: string | null;
  message: string;
  remedy: string | null;
}
interface Step {
  step: string;
  status: string;
  attempt: number;
  at: string | null;
  error: StepError | null;
}
interface Context {
  runId: string;
  title: string;
  status: string;
  startedBy: string;
  startedFrom: string | null;
  endedAt: string | null;
  took: string | null;
  error: string | null;
  result: string | null;
  failedSteps: Step[];
  troubledSteps: Step[];
  waitingFor: string[];
}
type Value = Record<string, unknown>;

const clock = (at: string | null): string => (at === null ? "" : ` at ${at.slice(0, 16).replace("T", " ")} UTC`);
const tried = (attempt: number): string => (attempt > 1 ? ` in attempt ${attempt}` : "");
const coded = ({ message, code }: StepError): string => `"${message}"${code === null ? "" : ` (${code})`}`;
const advised = ({ remedy }: StepError): string => (remedy === null ? "" : ` What it names as the way out: ${remedy}.`);

function runContext(value: Value): string {
  const run = value as unknown as Context;
  const from = run.startedFrom === null ? "" : ` from ${run.startedFrom}`;
  const lines = [`**${run.title}** (run ${run.runId}), started by ${run.startedBy}${from}, ${isOrWas(run)}.`];
  for (const { step, attempt, at, error } of run.failedSteps) {
    const why = error === null ? "without an error" : coded(error);
    lines.push(
      `It failed at step **${step}**${tried(attempt)}${clock(at)}: ${why}.${error === null ? "" : advised(error)}`,
    );
  }
  if (run.status === "failed" && run.failedSteps.length === 0)
    lines.push(`No step failed; the run itself did: "${run.error}".`);
  for (const { step, status, error } of run.troubledSteps) {
    if (error !== null) lines.push(`Step **${step}** (${status}) had an error: ${coded(error)}.${advised(error)}`);
  }
  if (run.waitingFor.length > 0) lines.push(`It waits for ${run.waitingFor.join(" and ")}.`);
  return lines.join("\n");
}

function isOrWas({ status, took, endedAt }: Context): string {
  if (endedAt === null) return `is ${status}`;
  return `${status}${took === null ? "" : ` after ${took}`}`;
}

const ofRun = (value: Value): string => `run ${String(value.runId)}`;

export const ANALYSIS_WORDS: Record<string, (value: Value) => string> = {
  getRunContext: runContext,
  getStepResults: (value) => {
    const steps = value.steps as (Step & { took: string | null; output: string | null })[];
    if (steps.length === 0) return `No step of ${ofRun(value)} has begun.`;
    const lines = steps.map(({ step, status, attempt, took, error, output }) => {
      const how = [`${status}${tried(attempt)}`, ...(took === null ? [] : [`in ${took}`])].join(" ");
      const what = error !== null ? `: ${coded(error)}` : output === null ? "" : `: ${shorten(output, 120)}`;
      return `- **${step}** ${how}${what}`;
    });
    const more = value.onlyTheNewestSteps === true ? "\nThere were more before." : "";
    return `Steps of ${ofRun(value)}:\n${lines.join("\n")}${more}`;
  },
  getStructuralTimeline: (value) => {
    const events = value.events as { at: string | null; what: string; step: string | null; detail: string | null }[];
    const lines = events.map(({ at, what, step, detail }) => {
      const where = step === null ? "" : ` **${step}**`;
      return `- ${(at ?? "").slice(0, 19).replace("T", " ")}${where} ${what}${detail ? `: ${shorten(detail, 200)}` : ""}`;
    });
    const left = value.leftOut as number;
    return `Timeline of ${ofRun(value)} (UTC):\n${lines.join("\n")}${left > 0 ? `\n${left} events between them are left out.` : ""}`;
  },
  getStepDetail: (value) => {
    const visits = value.visits as (Step & { startedAt: string | null })[];
    const attempts = value.attempts as {
      attempt: number;
      status: string;
      error: StepError | null;
      output: string | null;
    }[];
    const questions = value.questions as { question: string; status: string; asked: string[]; answers: Answer[] }[];
    const head = `Step **${String(value.step)}** of ${ofRun(value)} (${String(value.type)})`;
    if (value.reached !== true) return `${head} was not reached.`;
    const lines = visits.map(
      ({ status, attempt, startedAt, error }) =>
        `- ${status}${tried(attempt)}${clock(startedAt)}${error === null ? "" : `: ${coded(error)}.${advised(error)}`}`,
    );
    for (const { attempt, status, error, output } of attempts) {
      const what = error !== null ? `: ${coded(error)}` : output === null ? "" : `: ${shorten(output, 300)}`;
      lines.push(`- attempt ${attempt} ${status}${what}`);
    }
    for (const { question, status, asked, answers } of questions) {
      const said = answers.map(({ by, option, channel }) => `${by} answered ${option} by ${channel}`).join(", ");
      lines.push(`- asked ${asked.join(", ")}: "${shorten(question, 120)}": ${said === "" ? status : said}`);
    }
    return `${head}:\n${lines.join("\n")}`;
  },
  getCostBreakdown: (value) => {
    const { steps, total } = value as unknown as { steps: (Cost & { step: string; models: string[] })[]; total: Cost };
    if (total.calls === 0) return `No language model was used in ${ofRun(value)}.`;
    const lines = steps.map((cost) => `- **${cost.step}**: ${costWords(cost)} with ${cost.models.join(", ")}`);
    return `Cost of ${ofRun(value)} by step:\n${lines.join("\n")}\nAltogether: ${costWords(total)}`;
  },
};

interface Answer {
  by: string;
  option: string;
  channel: string;
}
interface Cost {
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  unpricedCalls: number;
}

function costWords({ calls, inputTokens, outputTokens, costUsd, unpricedCalls }: Cost): string {
  const unknown = unpricedCalls === 0 ? "" : `, ${unpricedCalls} of them without a known price`;
  return `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)} for ${calls} ${calls === 1 ? "call" : "calls"} (${inputTokens} tokens in, ${outputTokens} out)${unknown}`;
}
