/** Trigger ids: a person's act may open one modal, within 3 s. */
import type { Clock } from "../clock.ts";
import type { SlackIds } from "./ids.ts";
import { SlackError } from "./types.ts";

export interface Triggers {
  issue(user: string): string;
  /** The person it was issued for; throws Slack's own errors for one that is unknown, used or too old. */
  use(id: string): string;
}

export const TRIGGER_LIVES_MS = 3_000;

export function createTriggers(clock: Clock, ids: SlackIds): Triggers {
  const known = new Map<string, { user: string; at: number; used: boolean }>();
  return {
    issue(user) {
      const number = ids.count();
      const id = `${number}.${Math.floor(clock.now() / 1000)}.${ids.secret(`trigger:${number}`).slice(0, 32)}`;
      known.set(id, { user, at: clock.now(), used: false });
      return id;
    },
    use(id) {
      const trigger = known.get(id);
      if (trigger === undefined) throw new SlackError("invalid_trigger_id");
      if (trigger.used) throw new SlackError("exchanged_trigger_id");
      if (clock.now() - trigger.at > TRIGGER_LIVES_MS) throw new SlackError("expired_trigger_id");
      trigger.used = true;
      return trigger.user;
    },
  };
}
