/**
 * kill -9 of the bot between any two of: event received, stored, acknowledged, turn answered, card posted, receipt stored, click
 * received, settled, card updated. The moments stand in `kill_moments.ts`; each is found by what happens at it: either the database stands
 * still at the COMMIT that writes a certain document (`test/crash/hold_at_commit.ts`), or the simulated platform stands still at a call
 * or an event (`src/simulator/holds.ts`). There the process is killed and started again, and the story has to end as it ends unkilled.
 *
 * What is said here holds for every platform with threads and buttons; a platform brings a `KilledChannel`.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { backendFolder } from "../../src/bot/data_dir.ts";
import type { Held } from "../../src/simulator/holds.ts";
import { type CommitHold, HOLD_FILE, REACHED_FILE } from "../crash/hold_at_commit.ts";
import { eventually } from "../slack_bot.ts";
import type { Place } from "./harness.ts";
import type { Moment, PlatformMoment, Where } from "./kill_moments.ts";

export interface Said {
  id: string;
  /** All that can be read in it. */
  text: string;
  buttons: string[];
}

/** One platform, with Ana in a shared place. */
export interface KilledChannel {
  /** She says it to the bot; resolves with where the conversation goes on (the thread's root). */
  ask(words: string): string;
  /** What the bot said in that conversation. */
  said(root: string): Said[];
  /** She presses; rejects or resolves as the platform has it. */
  press(root: string, message: string, button: string): Promise<unknown>;
  /** Stands still at the next of these that is about this id (all messages of the script name it). */
  hold(moment: PlatformMoment, id: string): Held;
  /** Whether the platform has been told that the message in which she asked has arrived. Absent: this platform is never told. */
  acknowledged?(root: string): boolean;
  /** After the kill: nothing stands still any more. */
  clear(): void;
}

export interface KilledBot {
  place: Place;
  kill(): Promise<void>;
  again(): Promise<void>;
}

/** What a world's `Place` needs before its first start, so that commits can be held. */
export function holdCommits(place: Place): void {
  const module = pathToFileURL(join(import.meta.dirname, "..", "crash", "hold_at_commit.ts")).href;
  place.nodeArgs = ["--import", `${module}?dir=${encodeURIComponent(place.dataDir)}`];
}

/** Ana asks, a run stops at its question, she presses, the run goes on; killed at `moment`, null: not at all. Resolves with what the bot said. */
export async function runKilled(
  bot: KilledBot,
  channel: KilledChannel,
  moment: Moment | null,
  id: string,
): Promise<string[]> {
  const kill = moment === null ? null : prepareKill(bot, channel, moment, id);
  if (moment?.part === "ask") kill!.arm();
  const root = channel.ask(`please run the workflow witnessed with id=${id}`);
  if (moment?.part === "ask") await kill!.strike(root);
  const card = () => channel.said(root).find(({ buttons }) => buttons.includes("yes"));
  const asked = await eventually(`${id}: the card`, card, LONGEST_MS);
  // The reply says what waits, so that it is complete before she presses.
  const replied = () => channel.said(root).some(({ text }) => isReply(text) && text.includes(POINTER));
  await eventually(`${id}: the reply`, replied, LONGEST_MS);
  if (moment?.part === "press") kill!.arm();
  const press = () => channel.press(root, asked.id, "yes").catch(() => null);
  const pressed = press();
  if (moment?.part === "press") await kill!.strike(root);
  await pressed;
  // Nothing took it, and no platform sends a press twice: the one who pressed has seen an error, looks and presses again.
  if (moment?.lost === true) await press();
  const settled = () =>
    channel
      .said(root)
      .find((one) => one.id === asked.id && one.buttons.length === 0 && one.text.includes("Approved by ana"));
  await eventually(`${id}: the settled card`, settled, LONGEST_MS);
  const over = () => channel.said(root).some(({ text }) => text.includes(`${id} went on`));
  await eventually(`${id}: the result`, over, LONGEST_MS);
  return channel.said(root).map(({ text }) => text);
}

/** Leases of 10 s (a turn) and 20 s (a delivery) have to run out after some of the kills. */
const LONGEST_MS = 60_000;
/** The turn's reply; it names the run and not the id, and one conversation goes on at a time. */
const POINTER = " waiting for you";
export const isReply = (text: string): boolean => text.includes("Started witnessed");

function prepareKill(bot: KilledBot, channel: KilledChannel, { name, where }: Moment, id: string) {
  const hold = where.at === "commit" ? commitHold(bot.place.dataDir, where, id) : null;
  let held: Held | null = null;
  return {
    arm(): void {
      if (where.at === "commit") hold!.arm();
      else held = channel.hold(where.moment, id);
    },
    async strike(root: string): Promise<void> {
      if (hold !== null) await eventually(`${id}: ${name}`, hold.reached, LONGEST_MS);
      else await within(held!.reached, `${id}: ${name}`);
      if (where.at === "commit" && where.acknowledged === true && channel.acknowledged !== undefined) {
        await eventually(`${id}: the acknowledgement`, () => channel.acknowledged?.(root));
      }
      await bot.kill();
      hold?.clear();
      if (where.at === "platform" && where.drop === true) held!.drop();
      channel.clear();
      await bot.again();
    },
  };
}

export function commitHold(dir: string, where: Extract<Where, { at: "commit" }>, name: string) {
  const [file, reached] = [join(dir, HOLD_FILE), join(dir, REACHED_FILE)];
  const id = randomUUID();
  const document = JSON.parse(JSON.stringify(where.document).replaceAll("KILL-ID", name)) as CommitHold["document"];
  return {
    arm() {
      // Appears whole.
      writeFileSync(`${file}.new`, JSON.stringify({ id, when: where.when, document } satisfies CommitHold));
      renameSync(`${file}.new`, file);
    },
    reached: () => existsSync(reached) && (JSON.parse(readFileSync(reached, "utf8")) as { id: string }).id === id,
    clear: () => rmSync(file, { force: true }),
  };
}

export async function within(reached: Promise<void>, what: string): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`still not: ${what}`)), LONGEST_MS);
  await Promise.race([reached, late]).finally(() => clearTimeout(timer));
}

/** The same words for every id: what differs from run to run is left out. */
export const alike = (said: string[], id: string): string[] =>
  said.map((text) => text.replaceAll(id, "ID").replaceAll(/\b(?=\w*\d)[a-z0-9]{20,}\b/g, "RUN")).sort();

/** Past all code under test, from the file itself: what happened how often. */
export interface Story {
  runs: string[];
  questions: string[];
  verdicts: number;
  /** How often the steps before and behind the question were done. */
  before: number;
  after: number;
}
export const GOOD_STORY: Story = { runs: ["completed"], questions: ["answered"], verdicts: 1, before: 1, after: 1 };

/** Of a bot that has ended. */
export function stories(dataDir: string, ids: readonly string[]): Record<string, Story> {
  const db = new DatabaseSync(join(backendFolder(dataDir), "convex.sqlite"), { readOnly: true });
  try {
    const all = <T>(table: string): T[] =>
      (
        db
          .prepare("SELECT d.id, d.json FROM docs d JOIN tbls t ON t.num = d.tbl WHERE t.name = ? AND t.component = ''")
          .all(table) as { id: string; json: string }[]
      ).map(({ id, json }) => ({ _id: id, ...JSON.parse(json) }) as T);
    const runs = all<{ input: string; status: string }>("runs");
    const questions = all<{ _id: string; question: string; status: string }>("approvals");
    const votes = all<{ approvalId: string }>("votes");
    const records = new Map(all<{ key: string; count: number }>("records").map(({ key, count }) => [key, count]));
    return Object.fromEntries(
      ids.map((id): [string, Story] => {
        const asked = questions.filter(({ question }) => question.includes(id));
        return [
          id,
          {
            runs: runs.filter(({ input }) => input.includes(`"${id}"`)).map(({ status }) => status),
            questions: asked.map(({ status }) => status),
            verdicts: votes.filter(({ approvalId }) => asked.some(({ _id }) => _id === approvalId)).length,
            before: records.get(`${id}/before`) ?? 0,
            after: records.get(`${id}/after`) ?? 0,
          },
        ];
      }),
    );
  } finally {
    db.close();
  }
}
