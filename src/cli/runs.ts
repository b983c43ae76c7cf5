/** Runs: start, look, follow, cancel. */
import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { Command } from "commander";
import { type Backend, decodeRun, functions } from "../bot/backend.ts";
import { FactoryError } from "../contract/errors.ts";
import { RUN_STATUSES, type RunStatus, type RunView } from "../contract/run.ts";
import { type Act, collect, list, type Options, text } from "./act.ts";
import { AWAY, eachChange, watchConnection } from "./connection.ts";
import type { Context } from "./context.ts";
import { looksLikeFile, readInput, readText } from "./files.ts";
import { table } from "./output.ts";
import { resultText, runLine, runText, statusText } from "./show.ts";

export function runCommands(workflow: Command, act: Act): void {
  workflow
    .command("run")
    .argument("<name|file>", "a workflow's name, or a file that is created first")
    .description("start a run; prints it at once, with --watch follows it to its end")
    .option("--input <json>", "an object as JSON, or @FILE")
    .option("--title <text>", "what the run is called")
    .option("--agent <role=instance>", "let another role file do a role's work in this run", collect, [])
    .option("--watch", "follow the run and end with it (exit code 1 unless it completed)")
    .action(act(async (context, [target], options) => startRun(context, target!, options)));
  workflow
    .command("status")
    .argument("<run>")
    .description("a run as it stands: nodes, what it waits for, result")
    .action(
      act(async (context, [runId]) => {
        const run = await demandRun(context, runId!);
        context.out.result(run, (paint) => runText(run, paint));
      }),
    );
  workflow
    .command("watch")
    .argument("<run>")
    .description("follow a run to its end; with --format json one line for each change")
    .action(
      act(async (context, [runId]) => {
        await demandRun(context, runId!);
        const last = await follow(
          context,
          runId!,
          eachChange((run) => context.out.format === "json" && context.out.result(run, () => "")),
        );
        if (context.out.format === "text") context.out.result(last, (paint) => runText(last, paint));
        context.exit(last.status === "completed" ? 0 : 1);
      }),
    );
  workflow
    .command("results")
    .argument("<run>")
    .description("what a completed run returned (exit code 1 unless it completed)")
    .action(
      act(async (context, [runId]) => {
        const run = await demandRun(context, runId!);
        const { status, result, error, variables } = run;
        const why = run.cancelled === undefined ? {} : { cancelled: run.cancelled };
        context.out.result({ runId, status, result, error, variables, ...why }, () => resultText(run));
        context.exit(status === "completed" ? 0 : 1);
      }),
    );
  workflow
    .command("cancel")
    .argument("<run>")
    .option("--reason <text>")
    .description("end a run; its open questions are withdrawn")
    .action(
      act(async (context, [runId], options) => {
        const backend = await context.backend();
        const reason = text(options.reason);
        const wire = await backend.mutation(functions.runs.cancel, {
          actor: context.actor(),
          runId: runId!,
          ...(reason === undefined ? {} : { reason }),
        });
        const run = decodeRun(wire);
        context.out.result(run, (paint) => `${run.runId} is ${statusText(run.status, paint)}`);
      }),
    );
  workflow
    .command("restart")
    .argument("<run>")
    .option("--from <node>", "the node to begin at; absent: what failed, else the beginning")
    .description("a new run of the same definition from a node on; results from before it are used again")
    .action(
      act(async (context, [runId], options) => {
        const backend = await context.backend();
        const from = text(options.from);
        const wire = await backend.mutation(functions.runs.restart, {
          actor: context.actor(),
          runId: runId!,
          requestKey: randomUUID(),
          ...(from === undefined ? {} : { from }),
        });
        const run = decodeRun(wire);
        context.out.result(run, (paint) => runText(run, paint));
      }),
    );
  workflow
    .command("runs")
    .option("--status <status>", RUN_STATUSES.join(", "))
    .option("--limit <n>", "at most this many, default 50")
    .description("runs, newest first")
    .action(
      act(async (context, _args, options) => {
        const backend = await context.backend();
        const status = text(options.status);
        if (status !== undefined && !RUN_STATUSES.includes(status as RunStatus)) {
          throw new FactoryError("invalid_input", `"${status}" is not a run's status`, {
            field: "--status",
            remedy: `use one of ${RUN_STATUSES.join(", ")}`,
          });
        }
        const wire = await backend.query(functions.runs.list, {
          ...(status === undefined ? {} : { status: status as RunStatus }),
          ...(options.limit === undefined ? {} : { limit: readLimit(options.limit) }),
        });
        const runs = await withCodes(context, wire.map(decodeRun));
        context.out.result(runs, (paint) =>
          runs.length === 0 ? "No runs." : table(["run", "title", "status", "started", ""], runs.map(runLine), paint),
        );
      }),
    );
}

export function readLimit(value: Options[string]): number {
  const limit = Number(value);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new FactoryError("invalid_input", `"${String(value)}" is not a number of rows`, {
    field: "--limit",
    remedy: "write a whole number above 0",
  });
}

/** `ROLE=INSTANCE`, each role once. */
function readAgents(pairs: string[]): Record<string, string> {
  const agents: Record<string, string> = {};
  for (const pair of pairs) {
    const [role, instance] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    if (!pair.includes("=") || role === "" || instance === "" || Object.hasOwn(agents, role)) {
      throw new FactoryError("invalid_input", `"${pair}" is not ROLE=INSTANCE, or the role is named twice`, {
        field: "--agent",
        remedy: "write for example --agent coder=my-coder",
      });
    }
    agents[role] = instance;
  }
  return agents;
}

async function startRun(context: Context, target: string, options: Options): Promise<void> {
  const agents = readAgents(list(options.agent));
  const input = readInput(text(options.input));
  const source = looksLikeFile(target) ? readText(target, "FILE") : null;
  const backend = await context.backend();
  const actor = context.actor();
  let workflow = target;
  if (source !== null) {
    const created = await backend.mutation(functions.workflows.create, { actor, source, file: basename(target) });
    workflow = created.name;
    if (created.changed) context.out.note(`created ${created.name}, version ${created.version}`);
  }
  const title = text(options.title);
  const wire = await backend.mutation(functions.runs.start, {
    actor,
    workflow,
    definition: null,
    input,
    origin: null,
    // The client may have to send the call again; it is still one run.
    requestKey: randomUUID(),
    ...(Object.keys(agents).length === 0 ? {} : { agents }),
    ...(title === undefined ? {} : { title }),
  });
  const run = decodeRun(wire);
  if (options.watch !== true) {
    context.out.result(run, (paint) => runText(run, paint));
    // The run is kept, so that the attempt can be seen; nothing of it was done.
    if (run.status === "failed" && run.error?.startsWith("blocked by the policy") === true) context.exit(3);
    return;
  }
  const last = await follow(context, run.runId, () => {});
  context.out.result(last, (paint) => runText(last, paint));
  context.exit(last.status === "completed" ? 0 : 1);
}

/** Follows a run by subscription to its end. People see each node once it changes; `changed` gets every state. */
async function follow(context: Context, runId: string, changed: (run: RunView) => void): Promise<RunView> {
  const backend = await context.backend();
  const { promise, resolve, reject } = Promise.withResolvers<RunView>();
  const said = new Set<string>();
  const once = (line: string) => {
    if (!said.has(line)) context.out.note(line);
    said.add(line);
  };
  let turn: Promise<void> = Promise.resolve();
  const look = async (run: RunView) => {
    const [known] = await withCodes(context, [run]);
    changed(known!);
    for (const node of known!.nodes) once(`${node.id} ${node.status}${node.error === null ? "" : `: ${node.error}`}`);
    for (const waiting of known!.waitingFor) {
      if (waiting.kind === "approval") {
        const ref = waiting.code ?? waiting.approvalId;
        once(
          `waits for an answer: ${waiting.question}\n  factory approvals answer ${ref} ${waiting.options.join("|")}`,
        );
      }
    }
    if (run.endedAt !== null) resolve(known!);
  };
  const stop = backend.onUpdate(
    functions.runs.get,
    { runId },
    (wire) => {
      if (wire === null) return reject(unknownRun(runId));
      turn = turn.then(() => look(decodeRun(wire))).catch(reject);
    },
    reject,
  );
  const connection = watchConnection(backend, () => context.out.note(AWAY));
  try {
    return await Promise.race([promise, connection.lost]);
  } finally {
    connection.stop();
    stop();
  }
}

async function demandRun(context: Context, runId: string): Promise<RunView> {
  const backend: Backend = await context.backend();
  const wire = await backend.query(functions.runs.get, { runId });
  if (wire === null) throw unknownRun(runId);
  const [run] = await withCodes(context, [decodeRun(wire)]);
  return run!;
}

/** Codes are personal, so a run's own view has none; the acting person's are filled in. */
async function withCodes(context: Context, runs: RunView[]): Promise<RunView[]> {
  const open = runs
    .flatMap((run) => run.waitingFor)
    .filter((waiting) => waiting.kind === "approval" && waiting.code === null);
  if (open.length === 0) return runs;
  const backend = await context.backend();
  const approvals = await backend.query(functions.approvals.list, { actor: context.actor() });
  const codes = new Map(approvals.map((approval) => [approval.approvalId, approval.code]));
  return runs.map((run) => ({
    ...run,
    waitingFor: run.waitingFor.map((waiting) =>
      waiting.kind === "approval"
        ? { ...waiting, code: waiting.code ?? codes.get(waiting.approvalId) ?? null }
        : waiting,
    ),
  }));
}

const unknownRun = (runId: string) =>
  new FactoryError("not_found", `there is no run ${runId}`, {
    field: "RUN",
    remedy: "factory workflow runs lists them",
  });
