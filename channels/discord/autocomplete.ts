/** Suggestions for workflows, runs and codes: what this person may mean. Decided by the text typed so far; at most 25. */
import type { Lookups } from "../../src/contract/lookups.ts";
import type { Given } from "./commands.ts";
import { clip, LIMITS } from "./limits.ts";

export interface Choice {
  name: string;
  value: string;
}

export async function complete(given: Given, handle: string, lookups: Lookups): Promise<Choice[]> {
  const typed = given.options.get(given.focused ?? "") ?? "";
  return pick(await allFor(given, handle, lookups), typed);
}

async function allFor({ focused }: Given, handle: string, lookups: Lookups): Promise<Choice[]> {
  switch (focused) {
    case "name": {
      const workflows = await lookups.workflows(handle);
      return workflows.map(({ name, title }) => ({ name: title === name ? name : `${name} – ${title}`, value: name }));
    }
    case "run": {
      const { runs } = await lookups.home(handle);
      return runs.map(({ runId, title, status }) => ({ name: `${title}: ${status} (${runId})`, value: runId }));
    }
    case "code": {
      const { questions } = await lookups.home(handle);
      return questions.flatMap(({ code, question }) =>
        code === null ? [] : [{ name: `${code} – ${question}`, value: code }],
      );
    }
    default:
      return [];
  }
}

/** Those that begin with what was typed before those that only hold it. */
export function pick(all: Choice[], typed: string): Choice[] {
  const word = typed.toLowerCase();
  const begins = all.filter(({ value }) => value.toLowerCase().startsWith(word));
  const holds = all.filter((choice) => !begins.includes(choice) && choice.name.toLowerCase().includes(word));
  return [...begins, ...holds]
    .filter(({ value }) => value.length <= LIMITS.choiceText)
    .slice(0, LIMITS.choices)
    .map(({ name, value }) => ({ name: clip(name.replaceAll("\n", " "), LIMITS.choiceText), value }));
}
