/** `ctx.db`: documents and queries. Replies splice the stored JSON text, nothing is parsed on the way out. */
import type { JsonObject, PageRequest } from "../../store/types.ts";
import type { Call } from "../call.ts";
import { EngineError } from "../errors.ts";
import type { AsyncSyscall, SyncSyscall } from "./index.ts";

const OK = "{}";
const END = '{"value":null,"done":true}';

export const databaseSync: Record<string, SyncSyscall> = {
  "1.0/queryStream": (call, args) => {
    call.countQuery();
    return `{"queryId":${call.openStream(call.reader.stream(call.component, args.query))}}`;
  },
  "1.0/queryCleanup": (call, args) => {
    call.closeStream(args.queryId);
    return OK;
  },
  "1.0/db/normalizeId": (call, args) => {
    return JSON.stringify({ id: call.reader.normalizeId(call.component, args.table, args.idString) });
  },
};

export const databaseSyscalls: Record<string, AsyncSyscall> = {
  "1.0/queryStreamNext": (call, args) => {
    const text = call.stream(args.queryId).next();
    if (text === null) return END;
    call.enforceLimits();
    return `{"value":${text},"done":false}`;
  },
  "1.0/queryPage": queryPage,
  "1.0/get": (call, args) => {
    call.countQuery();
    const text = call.reader.get(call.component, args.id, args.table);
    call.enforceLimits();
    return text ?? "null";
  },
  "1.0/count": (call, args) => {
    call.countQuery();
    return String(call.reader.count(call.component, args.table));
  },
  "1.0/insert": (call, args) => {
    const { writer } = call;
    assertUserTable(call, args.table);
    const id = writer.insert(call.component, args.table, args.value as JsonObject);
    call.enforceLimits();
    return `{"_id":${JSON.stringify(id)}}`;
  },
  "1.0/shallowMerge": (call, args) => {
    const { writer } = call;
    assertUserDocument(call, args.id);
    writer.patch(call.component, args.id, args.value as JsonObject, args.table);
    call.enforceLimits();
    return OK;
  },
  "1.0/replace": (call, args) => {
    const { writer } = call;
    assertUserDocument(call, args.id);
    writer.replace(call.component, args.id, args.value as JsonObject, args.table);
    call.enforceLimits();
    return OK;
  },
  "1.0/remove": (call, args) => {
    const { writer } = call;
    assertUserDocument(call, args.id);
    writer.remove(call.component, args.id, args.table);
    call.enforceLimits();
    return OK;
  },
};

function queryPage(call: Call, args: Record<string, unknown>): string {
  if (call.paginated) {
    throw new EngineError(
      "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.",
    );
  }
  call.paginated = true;
  call.countQuery();
  const request = { ...args, endCursor: args.endCursor ?? null } as unknown as PageRequest;
  const journaled = call.txn !== null && call.txn.writer === null && call.txn.rootId === call.id;
  if (journaled && request.endCursor === null && call.txn?.journalIn != null) {
    request.endCursor = call.txn.journalIn;
  }
  const { page, isDone, continueCursor, splitCursor, pageStatus } = call.reader.page(call.component, request);
  call.enforceLimits();
  if (journaled && call.txn !== null) call.txn.journalOut = continueCursor;
  const rest = JSON.stringify({ isDone, continueCursor, splitCursor, pageStatus });
  return `{"page":[${page.join(",")}],${rest.slice(1)}`;
}

function assertUserTable(call: Call, table: string): void {
  if (table.startsWith("_") && !call.host.likeConvexTest) {
    throw new EngineError("System tables (prefixed with `_`) are read-only.");
  }
}

/** An id of the scheduler's or the file storage's documents must not be written through `ctx.db`. */
function assertUserDocument(call: Call, id: unknown): void {
  if (typeof id !== "string") throw new EngineError(`Invalid argument \`id\`, expected string but got '${typeof id}'.`);
  const table = call.reader.tableOfId(id)?.table;
  if (table !== undefined) assertUserTable(call, table);
}
