/** response_url: an address that may be posted to five times within 30 minutes, without a token. */
import type { SimReply } from "../http.ts";
import type { Collection } from "../store.ts";
import { readArguments } from "./arguments.ts";
import type { SlackEvents } from "./events.ts";
import { readContent, removeMessage } from "./methods/chat.ts";
import { SlackError } from "./types.ts";
import { wireMessage } from "./wire.ts";
import type { Workspace } from "./workspace.ts";

export interface ResponseUrl {
  id: string;
  user: string;
  channel: string;
  /** The message that was acted upon; null after a command. */
  messageTs: string | null;
  threadTs: string | null;
  at: number;
  uses: number;
}

export interface ResponseUrls {
  issue(origin: Pick<ResponseUrl, "user" | "channel" | "messageTs" | "threadTs">): string;
  /** Null: no such address. */
  take(id: string, fields: Record<string, unknown>): SimReply | null;
  /** What a command's acknowledgement carries is said the same way, without using up the address. */
  say(origin: Pick<ResponseUrl, "user" | "channel" | "messageTs" | "threadTs">, fields: Record<string, unknown>): void;
}

const LIVES_MS = 30 * 60_000;
const MOST_USES = 5;

export function createResponseUrls(options: {
  workspace: Workspace;
  events: SlackEvents;
  known: Collection<ResponseUrl>;
  base: () => string;
}): ResponseUrls {
  const { workspace, events, known, base } = options;

  function say(
    origin: Pick<ResponseUrl, "user" | "channel" | "messageTs" | "threadTs">,
    fields: Record<string, unknown>,
  ): void {
    const args = readArguments(fields);
    const target = origin.messageTs === null ? null : workspace.message(origin.channel, origin.messageTs);
    if (args.flag("delete_original")) {
      if (target !== null) {
        const previous = wireMessage(workspace, target);
        removeMessage(workspace, target);
        if (target.onlyTo === null) events.deleted(previous, target.channel);
      }
      return;
    }
    const content = readContent(args);
    if (args.flag("replace_original") && target !== null) {
      const previous = wireMessage(workspace, target);
      Object.assign(target, content, { edited: { user: workspace.app.botUser, ts: workspace.ids.ts() } });
      workspace.touch(target);
      if (target.onlyTo === null) events.changed(target, previous);
      return;
    }
    const open = args.optionalText("response_type") === "in_channel";
    const message = workspace.post({
      channel: origin.channel,
      user: workspace.app.botUser,
      botId: workspace.app.botId,
      ...content,
      threadTs: args.optionalText("thread_ts") ?? origin.threadTs,
      onlyTo: open ? null : origin.user,
    });
    if (open) events.said(message);
  }

  return {
    issue(origin) {
      const number = workspace.ids.count();
      const id = `${number}${workspace.ids.secret(`response:${number}`).slice(0, 24)}`;
      known.put(id, { id, ...origin, at: workspace.clock.now(), uses: 0 });
      return `${base()}/actions/${workspace.team.id}/${id}`;
    },
    take(id, fields) {
      const url = known.get(id);
      if (url === undefined) return null;
      if (workspace.clock.now() - url.at > LIVES_MS) return refusal("expired_url");
      if (url.uses >= MOST_USES) return refusal("used_url");
      try {
        say(url, fields);
      } catch (thrown) {
        if (thrown instanceof SlackError)
          return { status: 400, body: { ok: false, error: thrown.code, ...thrown.more } };
        throw thrown;
      }
      url.uses++;
      known.put(id, url);
      return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: "ok" };
    },
    say,
  };
}

const refusal = (error: string): SimReply => ({ status: 404, body: { ok: false, error } });
