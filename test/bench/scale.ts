/** The same acts with 100 and with 10,000 runs parked: starting another, answering one, listing what is open for one person. */
import { functions } from "../../src/bot/functions.ts";
import type { Actor } from "../../src/contract/actor.ts";
import { type Bot, makeDataDir, removeDataDir, startBot } from "./bot_process.ts";
import { percentile, report, reportTimes } from "./report.ts";
import { ACTOR, answer, install, PARK, type Parked, park, start, untilCompleted } from "./workload.ts";

const ACTS = 60;
const FEW = 100;
const MANY = Number(process.env.BENCH_PARKED ?? 10_000);
const PAT: Actor = { kind: "handle", handle: "terminal:pat", channel: "terminal" };

/** Asks pat, who has five open questions, whatever everybody else has. */
const ASK_PAT = {
  id: "bench-pat",
  startNodeId: "ask",
  nodes: {
    ask: {
      type: "approval",
      question: "{{id}}?",
      options: ["yes", "no"],
      approvers: ["person:pat"],
      next: { yes: "z", no: "z" },
    },
    z: { type: "end" },
  },
};

export async function scaleBench(): Promise<void> {
  const dataDir = makeDataDir();
  const bot = await startBot(dataDir);
  try {
    await install(bot, PARK);
    await install(bot, ASK_PAT);
    await bot.client.mutation(functions.people.add, { actor: ACTOR, name: "pat", roles: [] }, { skipQueue: true });
    const handle = "terminal:pat";
    await bot.client.mutation(functions.people.link, { actor: ACTOR, name: "pat", handle }, { skipQueue: true });
    for (let n = 0; n < 5; n++) await start(bot, "bench-pat", `pat-${n}`);
    const spare = await park(bot, FEW + 2 * ACTS, "few");
    await acts(bot, spare.splice(0, ACTS), "warm");
    const few = await acts(bot, spare.splice(0, ACTS), "p100");
    for (const [act, times] of Object.entries(few)) reportTimes("scale", `${act}_with_100`, times);
    await park(bot, MANY, "many");
    const many = await acts(bot, spare.splice(0, ACTS), "p10000");
    for (const [act, times] of Object.entries(many)) {
      reportTimes("scale", `${act}_with_${MANY}`, times);
      report("scale", `${act}_ratio`, percentile(times, 50) / percentile(few[act as keyof typeof few], 50), "x");
    }
  } finally {
    await bot.kill();
    removeDataDir(dataDir);
  }
}

async function acts(
  bot: Bot,
  parked: Parked[],
  prefix: string,
): Promise<Record<"start" | "answer" | "list", number[]>> {
  const times: Record<"start" | "answer" | "list", number[]> = { start: [], answer: [], list: [] };
  const timed = async (act: keyof typeof times, body: () => Promise<unknown>): Promise<void> => {
    const began = performance.now();
    await body();
    times[act].push(performance.now() - began);
  };
  for (const [n, run] of parked.entries()) {
    await timed("start", () => start(bot, "bench-park", `${prefix}-${n}`));
    await timed("answer", async () => {
      await answer(bot, run);
      await untilCompleted(bot, run.runId);
    });
    await timed("list", async () => {
      const open = await bot.client.query(functions.approvals.list, { actor: PAT });
      if (open.length !== 5) throw new Error(`pat has ${open.length} questions open`);
    });
  }
  return times;
}
