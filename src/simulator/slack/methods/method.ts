/** A method of the Web API: arguments in, fields of the answer out (`ok: true` is added), or a SlackError. */
import type { Arguments } from "../arguments.ts";
import type { SlackEvents } from "../events.ts";
import { readScope } from "../scopes.ts";
import type { Triggers } from "../triggers.ts";
import { type SlackChannel, SlackError } from "../types.ts";
import type { Views } from "../views.ts";
import type { Wire } from "../wire.ts";
import type { Workspace } from "../workspace.ts";

export interface MethodContext {
  workspace: Workspace;
  events: SlackEvents;
  views: Views;
  triggers: Triggers;
  /** The simulator's own address, without a slash at the end. */
  url(): string;
  socketUrl(): string;
  mode(): "socket" | "http";
}

export type Method = (args: Arguments, context: MethodContext) => Wire;
export type Methods = Record<string, Method>;

/** A channel as the app may see it: one it has no read scope for, or a DM it is not in, is not there. */
export function visibleChannel(workspace: Workspace, id: string): SlackChannel {
  const channel = workspace.channels.get(id);
  if (channel === undefined) throw new SlackError("channel_not_found");
  const inside = channel.members.includes(workspace.app.botUser);
  if (channel.kind !== "channel" && !inside) throw new SlackError("channel_not_found");
  return channel;
}

export function demandScope(workspace: Workspace, scope: string): void {
  const provided = workspace.installation.botScopes;
  if (!provided.includes(scope)) throw new SlackError("missing_scope", { needed: scope, provided: provided.join(",") });
}

export const demandReadScope = (workspace: Workspace, channel: SlackChannel): void =>
  demandScope(workspace, readScope(channel.kind));
