/** What a Slack workspace holds. Ids and times are Slack's: `C…`, `U…`, `ts` as "SECONDS.MICROS". */

/** Block Kit as it came over the wire; `blocks.ts` has checked it. */
export type Block = { type: string; block_id?: string } & Record<string, unknown>;

/** What stands inside a block and can be pressed or filled. */
export type Element = Record<string, unknown> & { type: string; action_id?: string };

export interface SlackUser {
  id: string;
  /** The @-name. */
  name: string;
  realName: string;
  email: string;
  isBot: boolean;
  deleted: boolean;
  color: string;
}

export type ChannelKind = "channel" | "private" | "im" | "mpim";

export interface SlackChannel {
  id: string;
  /** null for DMs. */
  name: string | null;
  kind: ChannelKind;
  members: string[];
  archived: boolean;
  topic: string;
  /** Seconds since 1970. */
  created: number;
}

export interface SlackMessage {
  channel: string;
  ts: string;
  /** Who said it; for the app its bot user. */
  user: string;
  botId: string | null;
  subtype: string | null;
  text: string;
  blocks: Block[];
  attachments: Record<string, unknown>[];
  /** The parent's `ts`; null: said in the channel itself. */
  threadTs: string | null;
  /** A reply that also stands in the channel. */
  broadcast: boolean;
  metadata: { event_type: string; event_payload: Record<string, unknown> } | null;
  edited: { user: string; ts: string } | null;
  reactions: { name: string; users: string[] }[];
  files: string[];
  /** An ephemeral message: only this person sees it, and no API ever returns it. */
  onlyTo: string | null;
  /** When a stream last grew, ms since 1970; null: not a stream, or ended. */
  streamingAt: number | null;
}

export type ViewType = "modal" | "home";

export interface SlackView {
  id: string;
  type: ViewType;
  /** For whom it is open or published. */
  user: string;
  callbackId: string;
  privateMetadata: string;
  externalId: string;
  title: unknown;
  submit: unknown;
  close: unknown;
  blocks: Block[];
  notifyOnClose: boolean;
  clearOnClose: boolean;
  hash: string;
  previous: string | null;
  root: string;
  /** block_id → action_id → value, as Slack gives it in `view.state.values`. */
  values: StateValues;
  /** Set by `response_action: errors`: block_id → text. */
  errors: Record<string, string>;
}

export type StateValues = Record<string, Record<string, Record<string, unknown>>>;

export interface SlackFile {
  id: string;
  name: string;
  title: string;
  length: number;
  user: string;
  /** base64; null until uploaded. */
  content: string | null;
  complete: boolean;
  channel: string | null;
}

export interface SlashCommand {
  command: string;
  description: string;
  usage: string;
}

/** A failure that the Web API answers with `ok: false`. */
export class SlackError extends Error {
  readonly code: string;
  readonly more: Record<string, unknown>;
  constructor(code: string, more: Record<string, unknown> = {}) {
    super(code);
    this.code = code;
    this.more = more;
  }
}
