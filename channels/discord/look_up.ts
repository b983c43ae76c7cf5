/**
 * Finding a message of ours that may stand already although nobody said so. Discord keeps no key with a message, but a card has the
 * question's id in its buttons, a run's message has the run's, and a text is its own words, grown or not.
 */
import { type Body, bodiesAt, isBody, textAt } from "../../src/contract/untrusted.ts";
import { compareIds } from "./ids.ts";
import type { Api, Sent } from "./rest.ts";
import type { Content } from "./wire.ts";

export type Found = Sent;

const LOOK_PAGES = 5;
const PAGE = 100;

export interface Own {
  userId: string;
  /** Messages of other deliveries. */
  taken: ReadonlySet<string>;
  /** Only below this message; null: anywhere. */
  answering: string | null;
}

/** The oldest that fits, from `since` on; null: there is none. Throws when the channel cannot be read. */
export async function find(
  api: Api,
  channel: string,
  since: string,
  content: Content,
  own: Own,
): Promise<Found | null> {
  let after = since;
  for (let page = 0; page < LOOK_PAGES; page++) {
    const answer = await api.get(`/channels/${channel}/messages`, { after, limit: String(PAGE) });
    const messages = (Array.isArray(answer) ? answer.filter(isBody) : []).sort((a, b) =>
      compareIds(String(a.id), String(b.id)),
    );
    for (const message of messages) {
      const id = String(message.id);
      if (textAt(message, "author", "id") !== own.userId || own.taken.has(id)) continue;
      if (own.answering !== null && textAt(message, "message_reference", "message_id") !== own.answering) continue;
      if (isSame(content, message)) return { id, channel_id: channel };
    }
    if (messages.length < PAGE) return null;
    after = String(messages.at(-1)?.id);
  }
  return null;
}

export function isSame(content: Content, message: Body): boolean {
  const ids = customIds(content.components);
  if (ids.length > 0) return customIds(message.components).some((id) => ids.includes(id));
  const [embed, seen] = [content.embeds[0], bodiesAt(message, "embeds")[0]];
  if (embed === undefined) return sameText(content.content, textAt(message, "content") ?? "") && seen === undefined;
  if (seen === undefined) return false;
  const footer = embed.footer?.text ?? null;
  if (textAt(seen, "footer", "text") !== footer) return false;
  // A settled card has lost its buttons, but not its question; a run's message keeps its title and its run.
  const same =
    footer !== null && (textAt(seen, "description") ?? "").split("\n")[0] === embed.description?.split("\n")[0];
  return (
    same ||
    (textAt(seen, "title") === embed.title && (footer !== null || textAt(seen, "description") === embed.description))
  );
}

/** A reply may have grown since: what stands is then its beginning. Discord trims. */
function sameText(wanted: string, seen: string): boolean {
  const stands = seen.trim();
  return stands !== "" && wanted.trim().startsWith(stands);
}

function customIds(rows: unknown): string[] {
  return bodiesAt({ rows }, "rows")
    .flatMap((row) => bodiesAt(row, "components"))
    .flatMap((one) => textAt(one, "custom_id") ?? []);
}
