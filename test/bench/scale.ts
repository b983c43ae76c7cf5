/** The same acts with 100 and with 10,000 runs parked: starting another, answering one, listing what is open for one person. */
import { functions } from "../../src/bot/functions.ts";
import type { Actor } from "../../src/contract/actor.ts";
import { type Bot, makeDataDir, removeDataDir, startBot } from "./bot_process.ts";
import { percentile, report, reportTimes } from "./report.ts";
import { ACTOR, answer, install, PARK, type Parked, park, start, untilCompleted } from "./workload.ts";

const WARM = 20;
const ACTS = 100;
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

type Times = Record<"start" | "answer" | "list", number[]>;

/** Two bots, acted on in turn, so that whatever else the machine does meets both alike. */
export async function scaleBench(): Promise<void> {
  const [few, many] = [await parkedBot(FEW), await parkedBot(MANY)];
  try {
    for (let n = 0; n < WARM; n++) for (const side of [few, many]) await act(side, n, null);
    const [fewTimes, manyTimes]: [Times, Times] = [
      { start: [], answer: [], list: [] },
      { start: [], answer: [], list: [] },
    ];
    for (let n = WARM; n < WARM + ACTS; n++) {
      await act(few, n, fewTimes);
      await act(many, n, manyTimes);
    }
    for (const kind of ["start", "answer", "list"] as const) {
      reportTimes("scale", `${kind}_with_${FEW}`, fewTimes[kind]);
      reportTimes("scale", `${kind}_with_${MANY}`, manyTimes[kind]);
      report("scale", `${kind}_ratio`, percentile(manyTimes[kind], 50) / percentile(fewTimes[kind], 50), "x");
    }
  } finally {
    for (const { bot } of [few, many]) {
      await bot.kill();
      removeDataDir(bot.dataDir);
    }
  }
}

interface Side {
  bot: Bot;
  /** One for each act, besides those that stay parked. */
  spare: Parked[];
}

async function parkedBot(count: number): Promise<Side> {
  const bot = await startBot(makeDataDir());
  await install(bot, PARK);
  await install(bot, ASK_PAT);
  await bot.client.mutation(functions.people.add, { actor: ACTOR, name: "pat", roles: [] }, { skipQueue: true });
  const handle = "terminal:pat";
  await bot.client.mutation(functions.people.link, { actor: ACTOR, name: "pat", handle }, { skipQueue: true });
  for (let n = 0; n < 5; n++) await start(bot, "bench-pat", `pat-${n}`);
  const spare = await park(bot, WARM + ACTS, "spare");
  await park(bot, count, "parked");
  return { bot, spare };
}

async function act({ bot, spare }: Side, n: number, times: Times | null): Promise<void> {
  const timed = async (kind: keyof Times, body: () => Promise<unknown>): Promise<void> => {
    const began = performance.now();
    await body();
    times?.[kind].push(performance.now() - began);
  };
  const run = spare[n]!;
  await timed("start", () => start(bot, "bench-park", `act-${n}`));
  await timed("answer", async () => {
    await answer(bot, run);
    await untilCompleted(bot, run.runId);
  });
  await timed("list", async () => {
    const open = await bot.client.query(functions.approvals.list, { actor: PAT });
    if (open.length !== 5) throw new Error(`pat has ${open.length} questions open`);
  });
}
