/**
 * kill -9 of the whole bot while a turn runs against a model behind the wire, over both protocols: in the middle of what it says, of a call,
 * around the effect's COMMIT, before and after the reply is posted. Every time one reply in its thread, and the effect once; the model
 * gives each call another id when it is asked again, as real ones do.
 */
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { calls, modelSpeaking, type Protocol, type Reply, type Request, says, stream } from "../model_peer.ts";
import { WIRE } from "../model_wire.ts";
import { byBot, eventually, type SlackBot, startSlackBot } from "../slack_bot.ts";
import { commitHold, holdCommits, within } from "./channel_kills.ts";

/** Where the model stands still: it has sent so much, and sends no more. */
type ModelMoment = "asked" | "words" | "arguments" | "call" | "asked again" | "words after";
interface Moment {
  name: string;
  model?: ModelMoment;
  commit?: { when: "before" | "after"; document: Record<string, unknown> };
  /** The reply's post; `drop`: it is never done. */
  post?: { stage: "before" | "after"; drop?: true };
}

const EFFECT = { toolCallId: { not: null }, toolName: "createTask", result: { not: null } };
const TURN_DONE = { promptMessageId: { not: null }, status: "done" };
const MOMENTS: Moment[] = [
  { name: "before the model has said a byte", model: "asked" },
  { name: "in the middle of its words", model: "words" },
  { name: "in the middle of a call's arguments", model: "arguments" },
  { name: "after the call was streamed, before the stream's end", model: "call" },
  { name: "the effect done, its COMMIT not", commit: { when: "before", document: EFFECT } },
  { name: "after the effect's COMMIT", commit: { when: "after", document: EFFECT } },
  { name: "the model asked again with the result", model: "asked again" },
  { name: "in the middle of the words after the effect", model: "words after" },
  { name: "the answer whole, the turn not ended by its COMMIT", commit: { when: "before", document: TURN_DONE } },
  { name: "the turn ended, nothing posted", commit: { when: "after", document: TURN_DONE } },
  { name: "the reply's post asked for and lost", post: { stage: "before", drop: true } },
  { name: "the reply posted, its receipt unheard", post: { stage: "after" } },
];

/** For each errand (`id=…`): a task of that name, then words. Stands still where it is told to, once. */
class ScriptedModel {
  requests: Request[] = [];
  #hold: { at: ModelMoment; reached: () => void } | null = null;
  #calls = 0;
  #protocol: Protocol = "openai";

  async start(protocol: Protocol): Promise<Record<string, string>> {
    this.#protocol = protocol;
    this.requests = await modelSpeaking(protocol, (response) => this.#answer(response));
    const names = ["LLM_PROXY_BASE_URL", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "FACTORY_MODEL"];
    return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  }

  stopAt(at: ModelMoment): { reached: Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hold = { at, reached: resolve };
    return { reached: promise };
  }

  #answer(response: ServerResponse): void {
    const { messages } = this.requests.at(-1)!;
    const id = /id=(\w+)/.exec(
      JSON.stringify(messages.findLast(({ content }) => /id=\w+/.test(JSON.stringify(content)))),
    )?.[1];
    const done = isResult(messages.at(-1)!);
    const wire = WIRE[this.#protocol];
    const call = { id: `call_${++this.#calls}`, name: "createTask", input: { title: `made ${id}` } };
    const whole: Reply = done ? says(`Created ${id}.`) : calls(call);
    const [first] = wire.words(["Created"]);
    const partial: Partial<Record<ModelMoment, string[]>> = done
      ? { "asked again": [], "words after": [wire.begin(), first!, ...wire.words(["Created"]).slice(1, 2)] }
      : {
          asked: [],
          words: [wire.begin(), ...wire.words(["I am about to"]).slice(0, 2)],
          arguments: [wire.begin(), ...wire.calls([call]).slice(0, -1)],
          call: [wire.begin(), ...wire.calls([call])],
        };
    const pieces = this.#hold === null ? undefined : partial[this.#hold.at];
    if (pieces === undefined) {
      whole(response, this.#protocol);
      return;
    }
    const { reached } = this.#hold!;
    this.#hold = null;
    if (pieces.length > 0) stream(response).write(pieces.join(""), () => reached());
    else reached();
  }
}

/** In either protocol. */
const isResult = ({ role, content }: Request["messages"][number]): boolean =>
  role === "tool" || JSON.stringify(content).includes('"tool_result"');

/** Asks, kills at the moment, starts again, waits for the end. Resolves with what the bot said in the thread. */
async function killed(world: SlackBot, model: ScriptedModel, moment: Moment | null, id: string): Promise<string[]> {
  const ana = world.slack.as("ana");
  const standing = moment?.model === undefined ? null : model.stopAt(moment.model);
  const hold =
    moment?.commit === undefined ? null : commitHold(world.place.dataDir, { at: "commit", ...moment.commit }, id);
  hold?.arm();
  const { stage, drop } = moment?.post ?? {};
  const post =
    stage === undefined
      ? null
      : world.slack.holds.order({
          on: "chat.postMessage",
          stage,
          fits: (fields) => JSON.stringify(fields).includes("Created"),
        });
  const root = ana.say("#eng", `@factory please make it, id=${id}`);
  if (moment !== null) {
    if (hold !== null) await eventually(`${id}: ${moment.name}`, hold.reached, 60_000);
    else await within((standing ?? post)!.reached, `${id}: ${moment.name}`);
    await world.kill();
    hold?.clear();
    if (drop === true) post!.drop();
    world.slack.holds.clear();
    await world.again();
    await world.slack.socket.connected(1);
  }
  const said = () => byBot(ana.messages("#eng", { thread: root })).map(({ text }) => text);
  await eventually(`${id}: the reply`, () => said().some((text) => text.includes(`Created ${id}.`)), 60_000);
  await eventually(
    `${id}: rest`,
    async () => {
      const busy = await world.backend.query(functions.conversations.busy, { place: `slack:CENG/${root}` });
      return busy.openTurns + busy.readyDeliveries === 0;
    },
    60_000,
  );
  await world.slack.quiet();
  return said();
}

test.each<Protocol>(["openai", "anthropic"])(
  "killed anywhere in a turn with a model that speaks the protocol of %s -> one reply, the effect once",
  async (protocol) => {
    const model = new ScriptedModel();
    const env = await model.start(protocol);
    // One of the two ways to Slack is switched on.
    const world = await startSlackBot({ prepare: holdCommits, env: { ...env, SLACK_SIGNING_SECRET: "" } });
    try {
      await world.slack.socket.connected(1);
      const replies: Record<string, string[]> = { none: await killed(world, model, null, "calm") };
      for (const [index, moment] of MOMENTS.entries()) {
        const began = Date.now();
        replies[moment.name] = (await killed(world, model, moment, `kill${index + 1}x`)).map((text) => text.trim());
        console.log(`${protocol}: ${moment.name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
      }
      const ids = ["calm", ...MOMENTS.map((_, index) => `kill${index + 1}x`)];
      expect(Object.values(replies)).toEqual(ids.map((id) => [`Created ${id}.`]));
      const tasks = await world.backend.query(functions.tasks.list, {});
      expect(tasks.map(({ title }) => title).sort()).toEqual(ids.map((id) => `made ${id}`).sort());
    } finally {
      await world.dispose();
    }
  },
);
