/** Which scope a method needs. A list: any one of them is enough, the first is named when all are missing. */
import type { ChannelKind } from "./types.ts";

export const METHOD_SCOPES: Record<string, string[]> = {
  "api.test": [],
  "auth.test": [],
  "bots.info": ["users:read"],
  "team.info": ["team:read", "users:read"],
  "chat.postMessage": ["chat:write"],
  "chat.postEphemeral": ["chat:write"],
  "chat.update": ["chat:write"],
  "chat.delete": ["chat:write"],
  "chat.getPermalink": [],
  "chat.startStream": ["chat:write"],
  "chat.appendStream": ["chat:write"],
  "chat.stopStream": ["chat:write"],
  "conversations.list": ["channels:read", "groups:read", "im:read", "mpim:read"],
  "conversations.info": ["channels:read", "groups:read", "im:read", "mpim:read"],
  "conversations.members": ["channels:read", "groups:read", "im:read", "mpim:read"],
  "conversations.history": ["channels:history", "groups:history", "im:history", "mpim:history"],
  "conversations.replies": ["channels:history", "groups:history", "im:history", "mpim:history"],
  "conversations.open": ["im:write", "mpim:write"],
  "conversations.join": ["channels:join"],
  "users.conversations": ["channels:read", "groups:read", "im:read", "mpim:read"],
  "users.info": ["users:read"],
  "users.list": ["users:read"],
  "users.lookupByEmail": ["users:read.email"],
  "views.open": [],
  "views.push": [],
  "views.update": [],
  "views.publish": [],
  "reactions.add": ["reactions:write"],
  "reactions.remove": ["reactions:write"],
  "reactions.get": ["reactions:read"],
  "files.getUploadURLExternal": ["files:write"],
  "files.completeUploadExternal": ["files:write"],
  "files.info": ["files:read"],
  "assistant.threads.setStatus": ["assistant:write", "chat:write"],
  "assistant.threads.setTitle": ["assistant:write"],
  "assistant.threads.setSuggestedPrompts": ["assistant:write"],
};

/** App-level tokens have scopes of their own. */
export const APP_METHOD_SCOPES: Record<string, string[]> = { "apps.connections.open": ["connections:write"] };

const KIND_PREFIX: Record<ChannelKind, string> = { channel: "channels", private: "groups", im: "im", mpim: "mpim" };

export const readScope = (kind: ChannelKind): string => `${KIND_PREFIX[kind]}:read`;
export const historyScope = (kind: ChannelKind): string => `${KIND_PREFIX[kind]}:history`;
