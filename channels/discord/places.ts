/** From places to channels: a person's DM is opened, a thread is opened from its message when something is first said in it. */
import { FactoryError } from "../../src/contract/errors.ts";
import { bodiesAt, bodyAt, textAt } from "../../src/contract/untrusted.ts";
import { parsePlace } from "./ids.ts";
import { clip, LIMITS } from "./limits.ts";
import type { Where } from "./parse_message.ts";
import { plainText } from "./plain_text.ts";
import { isCardTitle } from "./render_card.ts";
import { type Api, CODES, codeOf } from "./rest.ts";
import { CHANNEL_TYPE } from "./wire.ts";

export interface Target {
  channel: string;
  /** The message that it answers: where no thread could be opened. */
  replyTo: string | null;
}

export interface Places {
  /** null: not a place of Discord's. Throws what Discord refuses. */
  resolve(place: string): Promise<Target | null>;
  /** After "unknown channel": opens what can be opened; null: there is nothing to open. */
  open(place: string): Promise<Target | null>;
  dmOf(user: string): Promise<string>;
  /** From a message that came by a DM: spares the question. */
  remember(user: string, dm: string): void;
  /** Where a channel belongs; throws what Discord refuses. */
  where(channel: string, guild: string | null): Promise<Where>;
}

export interface Known {
  /** What is known of a channel without asking; undefined: nothing. */
  of(channel: string): { type: number; parent: string | null } | undefined;
  /** Channels of that name, in every server. */
  named(name: string): string[];
}

const REMEMBERED = 2_000;
/** A day, then the thread leaves the list; whoever writes brings it back. */
const ARCHIVE_AFTER_MIN = 1_440;
const CANNOT_OPEN: ReadonlySet<number | null> = new Set([
  CODES.missingAccess,
  CODES.missingPermissions,
  CODES.notInDirect,
  CODES.wrongChannelType,
  CODES.unknownMessage,
]);

export function createPlaces(api: Api, self: () => string, known: Known): Places {
  const dms = new Map<string, string>();
  /** Threads that could not be opened. */
  const closed = new Map<string, Target>();

  async function dmOf(user: string): Promise<string> {
    const before = dms.get(user);
    if (before !== undefined) return before;
    const channel = textAt(await api.post("/users/@me/channels", { recipient_id: user }), "id");
    if (channel === null) throw new Error("Discord gave the direct channel no id");
    remember(user, channel);
    return channel;
  }

  function remember(user: string, dm: string): void {
    dms.set(user, dm);
    forgetOldest(dms);
  }

  async function openThread(place: string, parent: string, thread: string): Promise<Target> {
    const name = await nameOf(parent, thread);
    try {
      const options = { name, auto_archive_duration: ARCHIVE_AFTER_MIN };
      await api.post(`/channels/${parent}/messages/${thread}/threads`, options);
      return { channel: thread, replyTo: null };
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === CODES.threadExists) return { channel: thread, replyTo: null };
      if (!CANNOT_OPEN.has(code)) throw thrown;
      // Better an answer below the message than none.
      const target = { channel: parent, replyTo: code === CODES.unknownMessage ? null : thread };
      closed.set(place, target);
      forgetOldest(closed);
      return target;
    }
  }

  async function nameOf(parent: string, thread: string): Promise<string> {
    const fallback = "Conversation";
    try {
      const message = await api.get(`/channels/${parent}/messages/${thread}`);
      const embed = bodiesAt(message, "embeds")[0] ?? {};
      const said = plainText(textAt(message, "content") ?? "", { self: self(), users: new Map() });
      const title = textAt(embed, "title") ?? "";
      // A card's title says what it is, its first line what it asks.
      const about = isCardTitle(title) ? (textAt(embed, "description") ?? "").split("\n")[0]! : title;
      const line = said.split("\n")[0]?.replaceAll("**", "").trim() || unmarked(about) || fallback;
      return clip(line, Math.min(80, LIMITS.threadName));
    } catch {
      return fallback;
    }
  }

  return {
    dmOf,
    remember,
    async resolve(place) {
      const parsed = parsePlace(place);
      if (parsed === null) return null;
      if (parsed.kind === "thread") return closed.get(place) ?? { channel: parsed.thread, replyTo: null };
      if (parsed.kind === "named") return { channel: oneOf(known.named(parsed.name), parsed.name), replyTo: null };
      const dm = dms.get(parsed.id);
      if (dm !== undefined) return { channel: dm, replyTo: null };
      if (known.of(parsed.id) !== undefined) return { channel: parsed.id, replyTo: null };
      try {
        await api.get(`/channels/${parsed.id}`);
        return { channel: parsed.id, replyTo: null };
      } catch (thrown) {
        if (codeOf(thrown) !== CODES.unknownChannel) throw thrown;
        return { channel: await dmOf(parsed.id), replyTo: null };
      }
    },
    async open(place) {
      const parsed = parsePlace(place);
      return parsed?.kind === "thread" ? await openThread(place, parsed.parent, parsed.thread) : null;
    },
    async where(channel, guild) {
      if (guild === null) return { kind: "dm" };
      const found = known.of(channel) ?? (await describe(channel));
      if (found.parent !== null && CHANNEL_TYPE.threads.some((type) => type === found.type))
        return { kind: "thread", id: channel, parent: found.parent };
      return { kind: "channel", id: channel, threads: !CHANNEL_TYPE.voice.some((type) => type === found.type) };
    },
  };

  async function describe(channel: string): Promise<{ type: number; parent: string | null }> {
    const found = await api.get(`/channels/${channel}`);
    return { type: Number(bodyAt(found).type), parent: textAt(found, "parent_id") };
  }
}

const unmarked = (markup: string): string => markup.replaceAll(/\\([^A-Za-z0-9\s])|\*\*/g, "$1").trim();

function oneOf(channels: string[], name: string): string {
  const [first, second] = channels;
  if (first !== undefined && second === undefined) return first;
  const why = first === undefined ? "no server that the bot is in has" : "several servers have";
  throw new FactoryError("platform_refused", `${why} a channel #${name}`, {
    remedy: "write discord:CHANNEL with the channel's id (developer mode, Copy Channel ID)",
  });
}

function forgetOldest(kept: Map<string, unknown>): void {
  const oldest = kept.keys().next().value;
  if (kept.size > REMEMBERED && oldest !== undefined) kept.delete(oldest);
}
