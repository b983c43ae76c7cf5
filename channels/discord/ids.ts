/**
 * Names of Discord's things as the product writes them, and back.
 *
 *   handle   `discord:USER`
 *   place    `discord:USER` (a person's DM), `discord:CHANNEL`, `discord:#name` where one server has a channel of that name,
 *            `discord:CHANNEL/THREAD`. A thread opened from a message has that message's id, so its place is known before it is opened.
 *   receipt  `CHANNEL/MESSAGE`: where a message is; `/ephemeral` behind it when one person saw it in passing
 *   button   the custom id says what it does and holds ids only: the verdict is the backend's
 */
import { createHash } from "node:crypto";

const EPOCH_MS = 1_420_070_400_000;

export type DiscordPlace =
  /** A channel or a person: only Discord can tell. */
  { kind: "bare"; id: string } | { kind: "named"; name: string } | { kind: "thread"; parent: string; thread: string };

/** null: not a place of Discord's. */
export function parsePlace(place: string): DiscordPlace | null {
  const name = /^discord:#([^\s/#]{1,100})$/.exec(place)?.[1];
  if (name !== undefined) return { kind: "named", name: name.toLowerCase() };
  const [, id, thread] = /^discord:(\d{5,20})(?:\/(\d{5,20}))?$/.exec(place) ?? [];
  if (id === undefined) return null;
  return thread === undefined ? { kind: "bare", id } : { kind: "thread", parent: id, thread };
}

export const channelPlace = (channel: string): string => `discord:${channel}`;
export const threadPlace = (parent: string, thread: string): string => `discord:${parent}/${thread}`;
export const handleOf = (user: string): string => `discord:${user}`;
/** null: not a handle of Discord's. */
export const userOf = (handle: string): string | null => /^discord:(\d{5,20})$/.exec(handle)?.[1] ?? null;

export interface Receipt {
  channel: string;
  message: string;
  /** Shown to one person: the bot's own token can neither find nor edit it. */
  ephemeral: boolean;
}

export const formatReceipt = ({ channel, message, ephemeral }: Receipt): string =>
  `${channel}/${message}${ephemeral ? "/ephemeral" : ""}`;

export function parseReceipt(receipt: string): Receipt | null {
  const [, channel, message, ephemeral] = /^(\d+)\/(\d+)(\/ephemeral)?$/.exec(receipt) ?? [];
  return channel === undefined || message === undefined
    ? null
    : { channel, message, ephemeral: ephemeral !== undefined };
}

/** When a snowflake was made, ms since 1970. */
export const timeOf = (id: string): number => Number(BigInt(id) >> 22n) + EPOCH_MS;
/** The smallest snowflake of a moment, for `after`. */
export const snowflakeAt = (ms: number): string => String(BigInt(Math.max(0, Math.floor(ms) - EPOCH_MS)) << 22n);
/** Like time. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** At most 25 characters; the same for every try of one part of one delivery. */
export const nonceOf = (key: string, part: number): string =>
  createHash("sha256").update(`${key}#${part}`).digest("base64url").slice(0, 24);

/** What a component of ours does. */
export const ACTIONS = {
  answer: "a",
  /** Opens a modal that may say why. */
  reason: "r",
  /** Opens a modal that must say why. */
  demand: "d",
  /** Opens a modal for an answer in words. */
  write: "w",
  /** Opens a modal with the fields that may be edited. */
  edit: "e",
  /** Shows all of the payload to whoever pressed. */
  view: "v",
  /** A select in the place of buttons: its values are answers. */
  choose: "c",
  /** A modal for a workflow's inputs. */
  run: "f",
} as const;
export type ActionKind = keyof typeof ACTIONS;

export interface ActionIds {
  kind: ActionKind;
  /** The approval; of `run` the workflow. */
  id: string;
  /** What is answered: the option's name, or its number where the name is too long. Empty: nothing yet. */
  option: string;
  /** Of a modal: what opened it, so that a modal submitted twice is one event. Empty: no modal. */
  opener: string;
}

const MAX_CUSTOM_ID = 100;

/** `number`, from 1, stands for an option whose name does not fit; 0: there is none. What opened a modal is left out before that. */
export function customId(kind: ActionKind, id: string, option = "", number = 0, opener = ""): string {
  const head = `${ACTIONS[kind]}/${id}`;
  const forms = [`${head}/${opener}/${option}`, `${head}//${option}`, `${head}//${number}`];
  return forms.find((form) => form.length <= MAX_CUSTOM_ID) ?? forms[2]!;
}

/** null: not one of ours. */
export function parseCustomId(text: string): ActionIds | null {
  const [, letter, id, opener, option] = /^([a-z])\/([^/]+)\/(\d*)\/([\s\S]*)$/.exec(text) ?? [];
  const kind = (Object.keys(ACTIONS) as ActionKind[]).find((name) => ACTIONS[name] === letter);
  return kind === undefined || id === undefined ? null : { kind, id, option: option ?? "", opener: opener ?? "" };
}
