/**
 * Kills in what only Discord has: a slash command whose answer is deferred, and a window for the reason. An interaction that was not
 * acknowledged within 3 s shows Discord's own error to the one who gave it; they do it again, unless they see that it was taken.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { backendFolder } from "../../src/bot/data_dir.ts";
import type { HoldOrder } from "../../src/simulator/holds.ts";
import { byBot, type DiscordBot, eventually, wordsOf } from "../discord_bot.ts";
import { commitHold, within } from "./channel_kills.ts";
import { WITNESSED } from "./harness.ts";

export const EXPLAINED = {
  ...WITNESSED,
  id: "explained",
  nodes: { ...WITNESSED.nodes, ask: { ...WITNESSED.nodes.ask, reasonRequired: ["yes"] } },
};

export interface CommandMoment {
  name: string;
  part: "command" | "press" | "submit";
  where: { before: Record<string, unknown> } | { hold: HoldOrder; drop?: true };
  /** Nothing of it is left: it has to be done again. */
  lost?: true;
}

const EVENT = "event:INTERACTION_CREATE";
const ofType =
  (type: number) =>
  (fields: Record<string, unknown>): boolean =>
    fields.type === type;
const answer = (stage: HoldOrder["stage"], type: number): HoldOrder => ({
  on: "interactions.callback",
  stage,
  fits: ofType(type),
});
const event = (type: number): HoldOrder => ({ on: EVENT, stage: "before", fits: ofType(type) });

export const COMMAND_MOMENTS: readonly CommandMoment[] = [
  { name: "the command never arrives", part: "command", where: { hold: event(2), drop: true }, lost: true },
  {
    name: "the command has arrived, its COMMIT not",
    part: "command",
    where: { before: { eventId: { not: null }, kind: "command" } },
    lost: true,
  },
  { name: "stored, not deferred", part: "command", where: { hold: answer("before", 5), drop: true } },
  { name: "deferred", part: "command", where: { hold: answer("after", 5) } },
  {
    name: "the answer asked for and lost",
    part: "command",
    where: { hold: { on: "webhooks.edit", stage: "before" }, drop: true },
  },
  {
    name: "the answer given, unheard",
    part: "command",
    where: { hold: { on: "webhooks.edit", stage: "after" } },
  },
  { name: "the press never arrives", part: "press", where: { hold: event(3), drop: true }, lost: true },
  { name: "the window shown, unheard", part: "press", where: { hold: answer("after", 9) } },
  { name: "the submission never arrives", part: "submit", where: { hold: event(5), drop: true }, lost: true },
  {
    name: "the submission has arrived, its COMMIT not",
    part: "submit",
    where: { before: { question: { has: "KILL-ID" }, status: "answered" } },
    lost: true,
  },
  { name: "settled, not acknowledged", part: "submit", where: { hold: answer("before", 6), drop: true } },
  { name: "acknowledged", part: "submit", where: { hold: answer("after", 6) } },
];

const LONGEST_MS = 60_000;

/** `/workflow run` -> card -> yes -> window -> settled -> result; killed at `moment`, null: not at all. Resolves with what stands in the channel. */
export async function runCommandKilled(world: DiscordBot, moment: CommandMoment | null, id: string): Promise<string[]> {
  const ana = world.discord.as("ana");
  /** Does it, killed meanwhile where this is the moment; and again where it left nothing. */
  async function act<T extends { ok: boolean }>(part: CommandMoment["part"], deed: () => Promise<T>): Promise<T> {
    if (moment?.part !== part) return await deed();
    const strike = arm(world, moment, id);
    const doing = deed();
    await strike();
    const outcome = await doing;
    if (moment.lost !== true) return outcome;
    expect(outcome.ok, moment.name).toBe(false);
    return await deed();
  }
  const inChannel = () => byBot(ana.messages("#eng")).filter(({ ephemeral }) => !ephemeral);
  await act("command", () => ana.command("#eng", "workflow run", { name: "explained", inputs: `id=${id}` }));
  const card = await eventually(
    `${id}: the card`,
    () => inChannel().find((one) => wordsOf(one).includes(`Go on with ${id}?`) && one.buttons.length > 0),
    LONGEST_MS,
  );
  const { runId } = /run (?<runId>\w{20,})/.exec(wordsOf(card))!.groups as { runId: string };
  // To her alone: as the answer to the command, or as a direct message when Discord was never told that the command arrived.
  const answers = () =>
    [...ana.messages("#eng"), ...ana.messages("dm")].filter(
      (one) => wordsOf(one).includes("Started") && wordsOf(one).includes(runId),
    );
  await eventually(`${id}: the answer`, () => answers().length > 0, LONGEST_MS);
  // Told alone, and its receipt not stored: a kill in between is a moment of its own.
  await eventually(`${id}: nothing is being said`, () => nothingUnderWay(world.place.dataDir), LONGEST_MS);
  await act("press", () => ana.press("#eng", card.id, "yes"));
  expect(ana.modal()).not.toBeNull();
  const submit = () => ana.submit({ reason: `because of ${id}` });
  // Discord keeps the window when nobody answers, and she presses its button again.
  if (!(await act("submit", submit)).ok) await submit();
  ana.closeModal();
  await eventually(
    `${id}: the settled card`,
    () => {
      const now = inChannel().find((one) => one.id === card.id)!;
      return (
        now.buttons.length === 0 && wordsOf(now).includes("Approved by ana") && wordsOf(now).includes("because of")
      );
    },
    LONGEST_MS,
  );
  const about = () => inChannel().filter((one) => wordsOf(one).includes(runId) || wordsOf(one).includes(id));
  await eventually(
    `${id}: the result`,
    () => about().some((one) => wordsOf(one).includes(`${id} went on`)),
    LONGEST_MS,
  );
  expect(answers(), moment?.name ?? "not killed").toHaveLength(1);
  return about().map(wordsOf);
}

/** Past all code under test: every copy of what is to be said has been said, and that is stored. */
function nothingUnderWay(dataDir: string): boolean {
  const db = new DatabaseSync(join(backendFolder(dataDir), "convex.sqlite"), { readOnly: true });
  try {
    const sql =
      "SELECT count(*) AS open FROM docs d JOIN tbls t ON t.num = d.tbl WHERE t.name = 'deliveries' AND t.component = '' " +
      "AND json_extract(d.json, '$.status') IN ('ready', 'claimed', 'waiting')";
    return (db.prepare(sql).get() as { open: number }).open === 0;
  } finally {
    db.close();
  }
}

function arm(world: DiscordBot, { name, where }: CommandMoment, id: string): () => Promise<void> {
  const commit =
    "before" in where
      ? commitHold(world.place.dataDir, { at: "commit", when: "before", document: where.before }, id)
      : null;
  const held = "hold" in where ? world.discord.holds.order(where.hold) : null;
  commit?.arm();
  return async () => {
    if (commit !== null) await eventually(`${id}: ${name}`, commit.reached, LONGEST_MS);
    await (held === null ? null : within(held.reached, `${id}: ${name}`));
    await world.kill();
    commit?.clear();
    if ("drop" in where) held!.drop();
    world.discord.holds.clear();
    await world.again();
  };
}
