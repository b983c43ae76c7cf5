import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import type { Json } from "../store/types.ts";
import { badRequest, HttpError } from "./http_error.ts";

/** Encodings of the CLI (br) and of common clients. */
const decoders = {
  br: promisify(brotliDecompress),
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
} as const;

/** The whole body, decompressed. Throws 413 as soon as it is known to be too large, on either side of the compression. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const raw = await readRaw(request, limitBytes);
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase();
  if (encoding === undefined || encoding === "" || encoding === "identity") return raw;
  if (!Object.hasOwn(decoders, encoding)) {
    throw new HttpError(415, "UnsupportedEncoding", `Content-Encoding ${JSON.stringify(encoding)} is not supported.`);
  }
  try {
    return await decoders[encoding as keyof typeof decoders](raw, { maxOutputLength: limitBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limitBytes);
    throw badRequest("BadEncoding", `The body is not valid ${encoding}.`);
  }
}

/** Convex answers an empty or broken body with 400; so do we. */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<Json> {
  const body = await readBody(request, limitBytes);
  try {
    return JSON.parse(body.toString("utf8")) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badRequest("BadJsonBody", `Failed to parse the request body as JSON: ${reason}`);
  }
}

/** Chunks of a body that is too large to hold; throws 413 in the middle when the limit is passed. */
export async function* streamBody(request: IncomingMessage, limitBytes: number): AsyncGenerator<Uint8Array> {
  refuseDeclaredLength(request, limitBytes);
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    yield chunk;
  }
}

function readRaw(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    try {
      refuseDeclaredLength(request, limitBytes);
    } catch (error) {
      reject(error);
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) {
        request.pause();
        reject(tooLarge(limitBytes));
      } else chunks.push(chunk);
    });
    let ended = false;
    request.on("end", () => {
      ended = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    const cutOff = () => {
      // "close" also comes after "end"; an error object for each request would cost more than the rest of reading it.
      if (!ended) reject(badRequest("RequestAborted", "The request ended before its body was complete."));
    };
    request.on("error", cutOff);
    request.on("close", cutOff);
  });
}

function refuseDeclaredLength(request: IncomingMessage, limitBytes: number): void {
  if (Number(request.headers["content-length"] ?? 0) > limitBytes) throw tooLarge(limitBytes);
}

function tooLarge(limitBytes: number): HttpError {
  return new HttpError(413, "RequestTooLarge", `The request body is larger than ${limitBytes} bytes.`);
}
