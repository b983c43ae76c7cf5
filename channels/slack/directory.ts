/** From places to channels: a person's DM, a channel's name. What was found is remembered; names change, so they only for a while. */
import type { WebClient } from "@slack/web-api";
import { parsePlace } from "./ids.ts";
import { explain } from "./web.ts";

export interface Target {
  channel: string;
  threadTs: string | null;
}

export interface Directory {
  /** Throws what Slack throws. A name of a channel the bot is not in stays a name: Slack says itself why it refuses it. null: not a place. */
  resolve(place: string): Promise<Target | null>;
  dmOf(user: string): Promise<string>;
}

const NAMES_FOR_MS = 5 * 60_000;
const MOST_PAGES = 20;

export function createDirectory(web: WebClient, now: () => number): Directory {
  const dms = new Map<string, string>();
  let names = new Map<string, string>();
  let namesAt = Number.NEGATIVE_INFINITY;

  async function dmOf(user: string): Promise<string> {
    const known = dms.get(user);
    if (known !== undefined) return known;
    const { channel } = await web.conversations.open({ users: user });
    if (channel?.id === undefined) throw new Error("conversations.open gave no channel");
    dms.set(user, channel.id);
    return channel.id;
  }

  async function named(name: string): Promise<string | null> {
    if (!names.has(name) && now() - namesAt > NAMES_FOR_MS) {
      names = new Map();
      for (const channel of await memberships(web)) if (channel.name !== null) names.set(channel.name, channel.id);
      namesAt = now();
    }
    return names.get(name) ?? null;
  }

  return {
    dmOf,
    async resolve(place) {
      const parsed = parsePlace(place);
      if (parsed === null) return null;
      if (parsed.kind === "person") return { channel: await dmOf(parsed.user), threadTs: null };
      const { id, threadTs } = parsed;
      if (!id.startsWith("#")) return { channel: id, threadTs };
      // Without the scope to list channels Slack still finds a name by itself.
      return { channel: (await named(id.slice(1)).catch(() => null)) ?? id, threadTs };
    },
  };
}

export interface Membership {
  id: string;
  /** null: a DM. */
  name: string | null;
  direct: boolean;
}

const TYPES = ["public_channel", "private_channel", "mpim", "im"];

/** Every channel and DM the bot is in. A kind that its scopes do not let it list is left out. */
export async function memberships(web: WebClient): Promise<Membership[]> {
  try {
    return await listed(web, TYPES.join(","));
  } catch (thrown) {
    if (explain(thrown).code !== "missing_scope") throw thrown;
  }
  const found: Membership[] = [];
  for (const type of TYPES) {
    try {
      found.push(...(await listed(web, type)));
    } catch (thrown) {
      if (explain(thrown).code !== "missing_scope") throw thrown;
    }
  }
  return found;
}

async function listed(web: WebClient, types: string): Promise<Membership[]> {
  const found: Membership[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const more = cursor === undefined ? {} : { cursor };
    const answer = await web.users.conversations({ types, exclude_archived: true, limit: 200, ...more });
    for (const channel of answer.channels ?? []) {
      if (channel.id === undefined) continue;
      found.push({ id: channel.id, name: channel.name ?? null, direct: channel.is_im === true });
    }
    cursor = answer.response_metadata?.next_cursor || undefined;
    if (cursor === undefined) break;
  }
  return found;
}
