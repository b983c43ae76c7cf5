import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { adoptIn } from "../files/index.ts";
import type { JsonObject } from "../store/types.ts";
import { streamBody } from "./body.ts";
import type { WireContext } from "./context.ts";
import { badRequest, HttpError } from "./http_error.ts";
import { sendJson, setCors } from "./reply.ts";

/** `POST /api/storage/upload?token=…` with the bytes as the body → `{storageId}`. */
export async function handleUpload(
  context: WireContext,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { files, store } = context.options;
  const component = files.readUploadToken(url.searchParams.get("token") ?? "");
  if (component === null) {
    throw new HttpError(401, "BadUploadToken", "The upload URL is not valid or has expired. Generate a new one.");
  }
  const staged = await files.stage(streamBody(request, context.limits.uploadBytes));
  try {
    const digest = /^sha-256=(.+)$/i.exec(String(request.headers.digest ?? ""))?.[1];
    if (digest !== undefined && digest !== staged.sha256) {
      throw badRequest("DigestMismatch", "The uploaded bytes do not have the sha-256 of the Digest header.");
    }
    const contentType = request.headers["content-type"];
    const { value } = await store.write(async (tx) => adoptIn(tx, files, component, staged, contentType));
    sendJson(response, 200, JSON.stringify({ storageId: value }));
  } catch (error) {
    files.discard(staged);
    throw error;
  }
}

/** `GET /api/storage/<id>`. The id has 80 random bits: knowing it is the permission, as with Convex's URLs. */
export async function handleDownload(
  context: WireContext,
  storageId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const document = storageDocument(context, storageId);
  const type = typeof document?.contentType === "string" ? document.contentType : "";
  const blob = document === null ? null : await context.options.files.open(storageId, type);
  if (document === null || blob === null) throw new HttpError(404, "FileNotFound", "There is no such file.");

  const range = byteRange(request.headers.range, blob.size);
  if (range === null) response.setHeader("content-range", `bytes */${blob.size}`);
  if (range === null) throw new HttpError(416, "BadRange", "The requested range is outside of the file.");
  setCors(response);
  if (type !== "") response.setHeader("content-type", type);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("accept-ranges", "bytes");
  // The bytes of an id never change.
  response.setHeader("cache-control", "private, max-age=2592000");
  response.setHeader("content-length", range.end - range.start);
  if (range.partial) response.setHeader("content-range", `bytes ${range.start}-${range.end - 1}/${blob.size}`);
  else if (typeof document.sha256 === "string") response.setHeader("digest", `sha-256=${document.sha256}`);
  response.writeHead(range.partial ? 206 : 200);
  if (request.method === "HEAD") response.end();
  else await pipe(blob.slice(range.start, range.end).stream(), response);
}

function storageDocument(context: WireContext, id: string): JsonObject | null {
  if (!/^[a-z0-9]{16,64}$/.test(id)) return null;
  const reader = context.options.store.snapshot();
  const owner = reader.tableOfId(id);
  if (owner === null || owner.table !== "_storage") return null;
  const text = reader.get(owner.component, id);
  return text === null ? null : (JSON.parse(text) as JsonObject);
}

/** One `bytes=a-b`, `bytes=a-` or `bytes=-n`; anything else means the whole file. null: cannot be satisfied. */
function byteRange(header: string | undefined, size: number): { start: number; end: number; partial: boolean } | null {
  const whole = { start: 0, end: size, partial: false };
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return whole;
  if (match[1] === "") {
    const length = Number(match[2]);
    return length === 0 ? null : { start: Math.max(0, size - length), end: size, partial: true };
  }
  const start = Number(match[1]);
  const end = match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  if (match[2] !== "" && Number(match[2]) < start) return whole;
  return start >= size ? null : { start, end, partial: true };
}

/** Writes at the reader's pace; ends quietly when the reader goes away. */
export async function pipe(source: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  const reader = source.getReader();
  try {
    while (!response.destroyed) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!response.write(value)) await Promise.race([once(response, "drain"), once(response, "close")]);
    }
    response.end();
  } finally {
    reader.cancel().catch(() => {});
  }
}
