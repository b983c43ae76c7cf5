/** A conversation of 1,000 messages costs no more per turn than one of 100: in what the model is given, and in what the store reads. */
import { StatementSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { createBackend } from "../test/backend.ts";
import { createChat } from "../test/chat.ts";
import { model, says } from "../test/model_peer.ts";
import { OWNER } from "../test/runs.ts";
import { api, components } from "./_generated/api.js";

const PLAIN = { get: StatementSync.prototype.get, all: StatementSync.prototype.all };

/** Rows that the database gives back; every statement goes through these. */
function countReads() {
  const counted = { statements: 0, rows: 0 };
  const { get, all } = PLAIN;
  vi.spyOn(StatementSync.prototype, "get").mockImplementation(function (this: StatementSync, ...values) {
    const row = get.apply(this, values);
    counted.statements += 1;
    counted.rows += row === undefined ? 0 : 1;
    return row;
  });
  vi.spyOn(StatementSync.prototype, "all").mockImplementation(function (this: StatementSync, ...values) {
    const rows = all.apply(this, values);
    counted.statements += 1;
    counted.rows += rows.length;
    return rows;
  });
  return counted;
}

async function turnsAfter(place: "private" | "shared", lengths: number[]) {
  const backend = createBackend();
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: "slack:T1/UANA" });
  const where = place === "private" ? {} : { place: "slack:C1", private: false };
  const ana = createChat(backend, "slack:T1/UANA", where);
  const requests = await model(says("That was answered before."));
  await ana.ask("hello number 0000, the zebra");
  const [conversation] = await t.run((ctx) => ctx.db.query("conversations").collect());
  const { threadId, userId } = conversation!;
  let said = 2;
  const say = async (upTo: number) => {
    while (said < upTo) {
      const pairs = Array.from({ length: Math.min(50, (upTo - said) / 2) }, (_, at) =>
        String(said + at).padStart(4, "0"),
      );
      const messages = pairs.flatMap((number) => [
        { message: { role: "user" as const, content: `${place === "shared" ? "[ana] " : ""}hello number ${number}` } },
        {
          message: {
            role: "assistant" as const,
            content: [{ type: "text" as const, text: "That was answered before." }],
          },
        },
      ]);
      await t.run((ctx) => ctx.runMutation(components.agent.messages.addMessages, { threadId, userId, messages }));
      said += messages.length;
    }
  };
  const counted = countReads();
  const costs: { length: number; characters: number; messages: number; statements: number; rows: number }[] = [];
  for (const length of lengths) {
    await say(length - 2);
    // The first after the filling pays for what is read once.
    await ana.ask("hello number zebra");
    Object.assign(counted, { statements: 0, rows: 0 });
    const before = requests.length;
    await ana.ask("hello number zebra");
    expect(requests.length).toBe(before + 1);
    const request = requests.at(-1)!;
    const characters = JSON.stringify(request.messages).length;
    costs.push({ length, characters, messages: request.messages.length, ...counted });
  }
  return costs;
}

test.each(["private", "shared"] as const)(
  "%s: a turn after 1,000 messages gives the model as much and reads as much as one after 100",
  async (place) => {
    const [short, long] = await turnsAfter(place, [100, 1000]);
    if (process.env.SHOW_COST !== undefined) console.info(place, short, long);
    expect(long?.messages).toBe(short?.messages);
    // What is found among older messages is not the same to the letter, and the test itself looks at the store until the reply is there.
    expect(long?.characters).toBeLessThan(short!.characters * 1.05);
    expect(long?.rows).toBeLessThan(short!.rows * 1.1);
    expect(long?.statements).toBeLessThan(short!.statements * 1.1);
    expect(short!.rows).toBeGreaterThan(50);
  },
);
