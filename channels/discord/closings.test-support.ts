/** How connections end and begin again, with discord.js on the simulated gateway. */
import { expect, type TestContext } from "vitest";
import { FactoryError } from "../../src/contract/errors.ts";
import { createDiscordSimulator } from "../../src/simulator/discord/index.ts";
import { startAdapter } from "../../test/discord_adapter.ts";
import { ANA, eventually } from "../../test/discord_bot.ts";

/** Code -> what the person at the console reads, and is to do. */
const FOR_GOOD: Record<number, [why: RegExp, remedy: RegExp]> = {
  4004: [/does not accept the bot's token/, /reset the token/],
  4010: [/other shards \(4010\)/, /start the bot anew/],
  4011: [/other shards \(4011\)/, /start the bot anew/],
  4012: [/for good \(4012\)/, /start the bot anew/],
  4013: [/refuses an intent/, /Message Content Intent/],
  4014: [/refuses an intent/, /Message Content Intent/],
};
const reasonOf = (code: number) => {
  const [why, remedy] = FOR_GOOD[code]!;
  return { message: expect.stringMatching(why), remedy: expect.stringMatching(remedy), retryable: false };
};

/** Of its own, so that tests can run side by side: most of the time is waiting for discord.js. */
async function world({ onTestFinished }: TestContext) {
  const simulator = await createDiscordSimulator({ rateLimits: false });
  onTestFinished(() => simulator.close());
  return {
    simulator,
    async connect() {
      const rig = await startAdapter(simulator);
      onTestFinished(() => rig.stop());
      return rig;
    },
  };
}

export async function closedForGood(code: number, context: TestContext): Promise<void> {
  const { simulator, connect } = await world(context);
  const rig = await connect();
  const calls = simulator.calls("gateway.bot").length;
  simulator.gateway.disconnect(code);
  expect(await eventually("the reason", () => rig.adapter.failure?.())).toMatchObject(reasonOf(code));
  expect(rig.adapter.connected?.()).toBe(false);
  // discord.js would be back within its half second.
  await new Promise((done) => setTimeout(done, 1_200));
  expect(simulator.gateway.connected()).toEqual([]);
  expect(simulator.calls("gateway.bot")).toHaveLength(calls);
  expect(rig.logs.filter(({ level }) => level === "error" || level === "warn")).toHaveLength(1);
}

export async function refusedAtStart(code: number, context: TestContext): Promise<void> {
  const { simulator, connect } = await world(context);
  simulator.faults.order({ on: "gateway:identify", fault: { kind: "error", error: String(code) }, times: 0 });
  const thrown = await connect().catch((caught: unknown) => caught);
  expect(thrown).toBeInstanceOf(FactoryError);
  expect((thrown as FactoryError).info).toMatchObject(reasonOf(code));
  expect(simulator.gateway.connected()).toEqual([]);
}

export async function closedForAWhile(code: number, context: TestContext): Promise<void> {
  const { simulator, connect } = await world(context);
  const rig = await connect();
  const ana = simulator.as("ana");
  ana.say("dm", "before");
  await rig.next("message");
  rig.state.handles = [ANA];
  simulator.gateway.disconnect(code);
  ana.say("dm", "meanwhile");
  ana.say("#eng", "@factory meanwhile too");
  await eventually("both", () => rig.events.length >= 3);
  await eventually("a session", () => rig.adapter.connected?.());
  ana.say("dm", "after");
  await eventually("what is live", () => rig.events.length >= 4);
  const heard = rig.events.map((event) => event.kind === "message" && event.text);
  expect(heard.sort()).toEqual(["after", "before", "meanwhile", "meanwhile too"]);
  expect(rig.adapter.failure?.()).toBeNull();
}
