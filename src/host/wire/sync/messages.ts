import type { Json, JsonObject } from "../../store/types.ts";
import { argumentObject, isObject } from "../call_arguments.ts";

/** What a client of convex 1.48 sends, with arguments taken out of their array. */
export type ClientMessage =
  | { type: "Connect"; sessionId: string }
  | ({ type: "Authenticate"; baseVersion: number } & (
      | { tokenType: "None" }
      | { tokenType: "User"; value: string }
      | { tokenType: "Admin"; value: string; impersonating: JsonObject | undefined }
    ))
  | { type: "ModifyQuerySet"; baseVersion: number; newVersion: number; modifications: QueryModification[] }
  | CallMessage
  | { type: "Event" };

export interface CallMessage {
  type: "Mutation" | "Action";
  requestId: number;
  udfPath: string;
  component: string;
  args: JsonObject;
}

export type QueryModification = AddQuery | { type: "Remove"; queryId: number };

export interface AddQuery {
  type: "Add";
  queryId: number;
  udfPath: string;
  component: string;
  args: JsonObject;
  /** What this host returned for the query on an earlier connection. */
  journal: string | null;
}

/** A frame that no client of this protocol sends. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Throws ProtocolError for everything it cannot read; unknown *fields* are ignored. */
export function parseClientMessage(text: string): ClientMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new ProtocolError("not JSON");
  }
  if (!isObject(message)) throw new ProtocolError("not an object");
  switch (message.type) {
    case "Connect":
      return { type: "Connect", sessionId: string(message, "sessionId", 200) };
    case "Authenticate":
      return authenticate(message);
    case "ModifyQuerySet":
      return {
        type: "ModifyQuerySet",
        baseVersion: count(message, "baseVersion"),
        newVersion: count(message, "newVersion"),
        modifications: array(message, "modifications").map(modification),
      };
    case "Mutation":
    case "Action":
      return { type: message.type, requestId: count(message, "requestId"), ...call(message) };
    case "Event":
      return { type: "Event" };
    default:
      throw new ProtocolError(`unknown type ${JSON.stringify(message.type)?.slice(0, 40)}`);
  }
}

function authenticate(message: JsonObject): ClientMessage {
  const baseVersion = count(message, "baseVersion");
  switch (message.tokenType) {
    case "None":
      return { type: "Authenticate", tokenType: "None", baseVersion };
    case "User":
      return { type: "Authenticate", tokenType: "User", baseVersion, value: string(message, "value") };
    case "Admin": {
      const { impersonating } = message;
      if (impersonating !== undefined && impersonating !== null && !isObject(impersonating)) {
        throw new ProtocolError("impersonating is not an object");
      }
      const value = string(message, "value");
      return {
        type: "Authenticate",
        tokenType: "Admin",
        baseVersion,
        value,
        impersonating: impersonating ?? undefined,
      };
    }
    default:
      throw new ProtocolError("unknown tokenType");
  }
}

function modification(value: Json): QueryModification {
  if (!isObject(value)) throw new ProtocolError("a modification is not an object");
  const queryId = count(value, "queryId");
  if (value.type === "Remove") return { type: "Remove", queryId };
  if (value.type !== "Add") throw new ProtocolError("unknown modification");
  const { journal } = value;
  if (journal !== undefined && journal !== null && typeof journal !== "string") {
    throw new ProtocolError("journal is not a string");
  }
  return { type: "Add", queryId, ...call(value), journal: journal ?? null };
}

function call(value: JsonObject): { udfPath: string; component: string; args: JsonObject } {
  const args = argumentObject(value.args);
  if (args === null) throw new ProtocolError("args is not an array with one object");
  const component = value.componentPath ?? "";
  if (typeof component !== "string") throw new ProtocolError("componentPath is not a string");
  return { udfPath: string(value, "udfPath", 2000), component, args };
}

function string(value: JsonObject, field: string, maxLength = Number.POSITIVE_INFINITY): string {
  const found = value[field];
  if (typeof found !== "string" || found.length > maxLength)
    throw new ProtocolError(`${field} is not a fitting string`);
  return found;
}

function count(value: JsonObject, field: string): number {
  const found = value[field];
  if (typeof found !== "number" || !Number.isSafeInteger(found) || found < 0) {
    throw new ProtocolError(`${field} is not a whole number`);
  }
  return found;
}

function array(value: JsonObject, field: string): Json[] {
  const found = value[field];
  if (!Array.isArray(found)) throw new ProtocolError(`${field} is not an array`);
  return found;
}
