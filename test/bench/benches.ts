/** What is measured and how: docs/performance.md. Durable settings (synchronous=FULL) throughout. */
import { type Bot, diskKib, makeDataDir, removeDataDir, startBot } from "./bot_process.ts";
import { hostBench } from "./host.ts";
import { pooled, report, reportTimes } from "./report.ts";
import { scaleBench } from "./scale.ts";
import { slackBench } from "./slack.ts";
import { answer, chain, install, PARK, type Parked, park, start, untilCompleted, witnesses } from "./workload.ts";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function withBot(body: (bot: Bot) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  const bot = await startBot(dataDir);
  try {
    await body(bot);
  } finally {
    await bot.kill();
    removeDataDir(dataDir);
  }
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

/** From sending the answer until the last step's effect is committed and readable. */
const resumeMs = (bot: Bot, parked: Parked) =>
  timed(async () => {
    const result = await answer(bot, parked);
    if (result.outcome !== "settled") throw new Error(`answer to ${parked.id}: ${JSON.stringify(result)}`);
    await untilCompleted(bot, parked.runId);
  });

export const BENCHES: Record<string, () => Promise<void>> = {
  host: hostBench,
  slack: slackBench,
  scale: scaleBench,
  /** park, resume, resume32 and idle share one bot, so that each sees the thousand that are parked. */
  park: () =>
    withBot(async (bot) => {
      await install(bot, PARK);
      await park(bot, 50, "warm");
      const [rssBefore, diskBefore] = [bot.rssKib(), diskKib(bot.dataDir)];
      let parked: Parked[] = [];
      const parkMs = await timed(async () => {
        parked = await park(bot, 1000, "p");
      });
      report("park", "starts", 1000 / (parkMs / 1000), "1/s");
      report("park", "memory_per_run", (bot.rssKib() - rssBefore) / 1000, "KiB");
      report("park", "disk_per_run", (diskKib(bot.dataDir) - diskBefore) / 1000, "KiB");

      // The garbage of a thousand starts is collected in the seconds that follow; idle is what comes after.
      await sleep(30_000);
      report("park", "memory_per_run_at_rest", (bot.rssKib() - rssBefore) / 1000, "KiB");
      const cpuBefore = bot.cpuMs();
      await sleep(20_000);
      report("idle", "cpu", (bot.cpuMs() - cpuBefore) / 200, "% of a core");

      const oneByOne: number[] = [];
      for (const run of parked.slice(0, 200)) oneByOne.push(await resumeMs(bot, run));
      reportTimes("resume", "back_to_back", oneByOne);

      const extra = await park(bot, 230, "q");
      const soonAfter: number[] = [];
      for (const run of extra.slice(0, 200)) {
        await sleep(50);
        soonAfter.push(await resumeMs(bot, run));
      }
      reportTimes("resume", "previous_50ms_before", soonAfter);
      const rested: number[] = [];
      for (const run of extra.slice(200)) {
        await sleep(3000);
        rested.push(await resumeMs(bot, run));
      }
      reportTimes("resume", "previous_3s_before", rested);

      const restMs = await timed(() =>
        pooled(parked.slice(200), 32, async (run) => {
          await resumeMs(bot, run);
        }),
      );
      report("resume32", "resumes", 800 / (restMs / 1000), "1/s");
    }),

  crash: async () => {
    await crashWhileParked();
    await crashWhileAnswering();
  },

  chain: () =>
    withBot(async (bot) => {
      for (const length of [100, 500]) {
        await install(bot, chain(length));
        const times: number[] = [];
        for (let i = 0; i < 5; i++) {
          times.push(
            await timed(async () => {
              const run = await start(bot, `bench-chain-${length}`, `c${length}-${i}`);
              await untilCompleted(bot, run.runId);
            }),
          );
        }
        times.sort((a, b) => a - b);
        report("chain", `per_node_of_${length}`, times[2]! / length, "ms");
        report("chain", `total_of_${length}`, times[2]!, "ms");
      }
    }),
};

async function crashWhileParked(): Promise<void> {
  const dataDir = makeDataDir();
  const first = await startBot(dataDir);
  await install(first, PARK);
  const parked = await park(first, 1000, "p");
  await first.kill();
  const began = performance.now();
  const second = await startBot(dataDir);
  report("crash", "restart_to_ready", second.readyMs, "ms");
  await resumeMs(second, parked[0]!);
  report("crash", "restart_to_first_resume", performance.now() - began, "ms");
  await pooled(parked.slice(1), 32, async (run) => {
    await resumeMs(second, run);
  });
  report("crash", "restart_to_all_resumed", performance.now() - began, "ms");
  await second.stop();
  reportWitnesses("crash", dataDir, parked);
  removeDataDir(dataDir);
}

/** Killed three times in the middle of 400 answers at concurrency 8; whatever was not acknowledged is answered again. */
async function crashWhileAnswering(): Promise<void> {
  const dataDir = makeDataDir();
  let bot = await startBot(dataDir);
  await install(bot, PARK);
  const parked = await park(bot, 400, "k");
  let acknowledged = 0;
  const open = new Set(parked);
  for (const killAt of [100, 200, 300, null]) {
    let dead = false;
    await pooled([...open], 8, async (run) => {
      if (dead) return;
      try {
        const result = await answer(bot, run);
        if (result.outcome !== "settled" && result.outcome !== "alreadyAnswered") {
          throw new Error(`answer to ${run.id}: ${JSON.stringify(result)}`);
        }
        open.delete(run);
        acknowledged++;
        if (acknowledged === killAt) {
          dead = true;
          await bot.kill();
        }
      } catch (thrown) {
        // Answers under way when the process dies fail; they are asked again on the next start.
        if (!dead) throw thrown;
      }
    });
    if (killAt !== null) bot = await startBot(dataDir);
  }
  for (const run of parked) await untilCompleted(bot, run.runId);
  await bot.stop();
  reportWitnesses("crash_in_400", dataDir, parked);
  removeDataDir(dataDir);
}

function reportWitnesses(bench: string, dataDir: string, parked: Parked[]): void {
  const done = witnesses(dataDir);
  const counts = parked.flatMap((run) => ["before", "after"].map((step) => done.get(`${run.id}/${step}`) ?? 0));
  report(bench, "lost", counts.filter((count) => count === 0).length, "steps");
  report(bench, "run_twice", counts.filter((count) => count > 1).length, "steps");
}
