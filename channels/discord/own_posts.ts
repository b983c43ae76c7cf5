/**
 * The bot's own newest posts, as Discord tells of them. Discord does not say with a message in a thread who wrote what the thread hangs
 * on, but it tells of every post before it tells of anything said below it, and so before the backend may know the post's receipt.
 */
import { type Body, textAt } from "../../src/contract/untrusted.ts";
import type { Where } from "./parse_message.ts";

export interface OwnPosts {
  /** A message that Discord told of or listed: kept when it is the bot's. */
  note(message: Body): void;
  /** A thread has the id of the message that it hangs on. */
  isBelow(where: Where): boolean;
}

/** What is older has its receipt stored. */
const REMEMBERED = 2_000;

export function createOwnPosts(self: () => string): OwnPosts {
  const ids = new Set<string>();
  return {
    note(message) {
      const id = textAt(message, "id");
      if (id === null || textAt(message, "author", "id") !== self()) return;
      ids.add(id);
      const oldest = ids.values().next().value;
      if (ids.size > REMEMBERED && oldest !== undefined) ids.delete(oldest);
    },
    isBelow: (where) => where.kind === "thread" && ids.has(where.id),
  };
}
