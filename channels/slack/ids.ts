/**
 * Names of Slack's things as the product writes them, and back.
 *
 *   place    `slack:C1`, `slack:C1/1700000000.000100` (a thread), `slack:#eng` (Slack finds it by name), `slack:T1/U1` (a person's DM)
 *   handle   `slack:T1/U1`
 *   receipt  `C1/1700000000.000100`: where a message is, whatever the place was called when it was sent
 *   button   action_id says what it does, value holds ids only: the verdict is the backend's
 */
export type SlackPlace =
  /** `id` may be `#name`; `threadTs` null: the channel itself. */
  { kind: "channel"; id: string; threadTs: string | null } | { kind: "person"; team: string; user: string };

const PLACE = /^slack:(#[^\s/]{1,80}|[A-Z0-9]{2,32})(?:\/(\d{1,12}\.\d{1,9}))?$/;
const PERSON = /^slack:([A-Z0-9]{2,32})\/([A-Z][A-Z0-9]{1,31})$/;

/** null: not a place of Slack's. */
export function parsePlace(place: string): SlackPlace | null {
  const [, id, threadTs] = PLACE.exec(place) ?? [];
  if (id !== undefined) return { kind: "channel", id, threadTs: threadTs ?? null };
  const [, team, user] = PERSON.exec(place) ?? [];
  return team === undefined || user === undefined ? null : { kind: "person", team, user };
}

export const channelPlace = (channel: string, threadTs: string | null = null): string =>
  threadTs === null ? `slack:${channel}` : `slack:${channel}/${threadTs}`;

export const handleOf = (team: string, user: string): string => `slack:${team}/${user}`;

/** The user's id of a handle; null: not one of Slack's. */
export const userOf = (handle: string): string | null => PERSON.exec(handle)?.[2] ?? null;

export interface Receipt {
  channel: string;
  ts: string;
  /** Shown to one person only: Slack can neither find nor edit it afterwards. */
  ephemeral: boolean;
}

export const formatReceipt = ({ channel, ts, ephemeral }: Receipt): string =>
  `${channel}/${ts}${ephemeral ? "/ephemeral" : ""}`;

export function parseReceipt(receipt: string): Receipt | null {
  const [, channel, ts, ephemeral] = /^([A-Z0-9]+)\/(\d+\.\d+)(\/ephemeral)?$/.exec(receipt) ?? [];
  return channel === undefined || ts === undefined ? null : { channel, ts, ephemeral: ephemeral !== undefined };
}

/** A Slack timestamp as ms since 1970. */
export const msOf = (ts: string): number => Math.floor(Number(ts) * 1000);
/** The other way, for `oldest` and `latest`. */
export const tsOf = (ms: number): string => (ms / 1000).toFixed(6);

/** What a button, a select or a modal of ours does. */
export const ACTIONS = {
  /** value: an answer's ids. Followed by `.N`, because an action_id may occur once in a block. */
  answer: "answer",
  /** value: an answer's ids; opens a modal where a reason may be given. */
  reason: "reason",
  /** Likewise, and without a reason it cannot be submitted. */
  demand: "demand",
  /** value: the approval; opens a modal for an answer in words. */
  write: "write",
  /** A select instead of buttons: the chosen option's value holds an answer's ids. */
  choose: "choose",
  /** value: the approval; opens a modal with the form. */
  edit: "edit",
  /** value: the approval; opens a modal with all of the payload. */
  view: "view",
  /** On the home page: opens the question's own page. */
  open: "open",
} as const;
export type ActionKind = keyof typeof ACTIONS;

export const actionId = (kind: ActionKind, index = 0): string => `${ACTIONS[kind]}.${index}`;

export function actionKind(id: string): ActionKind | null {
  const name = id.split(".")[0] ?? "";
  return Object.hasOwn(ACTIONS, name) ? (name as ActionKind) : null;
}

export interface AnswerIds {
  approvalId: string;
  option: string;
}

/** An option is named, not numbered: an id is the word itself. `/` stands in no approval's id. */
export const answerValue = ({ approvalId, option }: AnswerIds): string => `${approvalId}/${option}`;

export function parseAnswerValue(value: string): AnswerIds | null {
  const slash = value.indexOf("/");
  if (slash <= 0 || slash === value.length - 1) return null;
  return { approvalId: value.slice(0, slash), option: value.slice(slash + 1) };
}

/** Which modal a submission comes from. */
export const MODALS = {
  reason: "approval.reason",
  text: "approval.text",
  form: "approval.form",
  run: "workflow.run",
  view: "approval.view",
};

/** Where a delivery's key stands in a message, so that it can be found again. */
export const KEY_EVENT = "factory_delivery";
