/** `ctx.storage`: the `_storage` documents; the bytes belong to the FileStore. */
import { Buffer } from "node:buffer";
import type { JsonObject, Writer } from "../../store/types.ts";
import type { Call } from "../call.ts";
import { EngineError } from "../errors.ts";
import type { FileStore } from "../types.ts";
import type { AsyncSyscall, JsSyscall } from "./index.ts";

interface FileDocument {
  sha256: string;
  size: number;
  contentType?: string;
}

export const storageSyscalls: Record<string, AsyncSyscall> = {
  "1.0/storageGetUrl": async (call, { storageId }: { storageId: string }) => {
    const file = await readDocument(call, storageId);
    return JSON.stringify(file === null ? null : `${call.host.cloudUrl()}/api/storage/${storageId}`);
  },
  "1.0/storageGetMetadata": async (call, { storageId }: { storageId: string }) => {
    const file = await readDocument(call, storageId);
    if (file === null) return "null";
    const sha256 = Buffer.from(file.sha256, "base64").toString("hex");
    return JSON.stringify({ storageId, sha256, size: file.size, contentType: file.contentType ?? null });
  },
  "1.0/storageGenerateUploadUrl": (call) => {
    const token = files(call).createUploadToken(call.component);
    return JSON.stringify(`${call.host.cloudUrl()}/api/storage/upload?token=${encodeURIComponent(token)}`);
  },
  "1.0/storageDelete": async (call, { storageId }: { storageId: string }) => {
    const store = files(call);
    const remove = (tx: Writer) => {
      if (tx.get(call.component, storageId, "_storage") === null) {
        throw new EngineError(`storage id ${storageId} not found`);
      }
      tx.remove(call.component, storageId, "_storage");
    };
    if (call.txn !== null) {
      remove(call.writer);
      call.txn.filesRemoved.push(storageId);
    } else {
      await call.host.store.write(async (tx) => remove(tx));
      store.remove(storageId);
    }
    return "null";
  },
  "1.0/storageStore": async (call, args: { blob: string; contentType?: string | null; sha256?: string }) => {
    const blob = new Blob([Buffer.from(args.blob, "base64")], { type: args.contentType ?? "" });
    return JSON.stringify(await save(call, blob, args.sha256));
  },
  "1.0/storageGet": async (call, { storageId }: { storageId: string }) => {
    const blob = await open(call, storageId);
    if (blob === null) return "null";
    const bytes = Buffer.from(await blob.arrayBuffer());
    return JSON.stringify({ blob: bytes.toString("base64"), contentType: blob.type === "" ? null : blob.type });
  },
};

export const storageJsSyscalls: Record<string, JsSyscall> = {
  "storage/storeBlob": (call, args) => {
    const { blob, options } = args as { blob: Blob; options?: { sha256?: string } };
    return save(call, blob, options?.sha256);
  },
  "storage/getBlob": (call, args) => open(call, args.storageId as string),
};

function files(call: Call): FileStore {
  if (call.host.files === null)
    throw new EngineError("This deployment of the embedded Convex host has no file storage.");
  return call.host.files;
}

async function readDocument(call: Call, storageId: string): Promise<FileDocument | null> {
  let text: string | null;
  if (call.txn !== null) {
    text = call.reader.get(call.component, storageId, "_storage");
  } else {
    const { value } = await call.host.store.read(async (tx) => tx.get(call.component, storageId, "_storage"));
    text = value;
  }
  return text === null ? null : (JSON.parse(text) as FileDocument);
}

async function open(call: Call, storageId: string): Promise<Blob | null> {
  const file = await readDocument(call, storageId);
  return file === null ? null : files(call).open(storageId, file.contentType);
}

async function save(call: Call, blob: Blob, expectedSha256: string | undefined): Promise<string> {
  const store = files(call);
  const staged = await store.stage(blob);
  const insert = (tx: Writer) => {
    if (expectedSha256 !== undefined && expectedSha256 !== staged.sha256) {
      throw new EngineError(`SHA-256 mismatch: expected ${expectedSha256}, but the file has ${staged.sha256}.`);
    }
    const document: JsonObject = { sha256: staged.sha256, size: staged.size };
    if (blob.type !== "") document.contentType = blob.type;
    const id = tx.insert(call.component, "_storage", document);
    store.adopt(staged, id);
    return id;
  };
  try {
    if (call.txn === null) return (await call.host.store.write(async (tx) => insert(tx))).value;
    while (call.nesting !== null) await call.nesting;
    call.assertRunning();
    const id = insert(call.writer);
    call.txn.filesAdopted.push(id);
    return id;
  } catch (thrown) {
    store.discard(staged);
    throw thrown;
  }
}
