/**
 * Files that agents may read: rows with a name over Convex's file storage. Only what lies in this deployment's own storage is ever read;
 * no address is fetched, so nobody can make the backend call another machine.
 */

import type { StoredFile } from "../../src/contract/stored_file.ts";
import { didYouMean } from "../../src/flow/suggest.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { fail } from "./errors.ts";
import type { Acting } from "./people.ts";
import { demand } from "./rights.ts";
import { shorten } from "./words.ts";

export const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_NAME = 120;
const MAX_FILES = 500;

export const viewFile = ({ name, storageId, contentType, bytes, addedByShown, at }: Doc<"files">): StoredFile => ({
  ...{ name, storageId, contentType, bytes, addedBy: addedByShown, at },
});

/** Refuses before anything is uploaded what `addFile` would refuse. */
export async function demandAddable(
  ctx: QueryCtx,
  acting: Acting,
  { name, bytes }: { name: string; bytes: number },
): Promise<void> {
  demand(acting, "files.write");
  const shown = shorten(name, MAX_NAME);
  if (shown === "" || name.length > MAX_NAME || /[/\\]|\p{C}/u.test(name)) {
    fail("invalid_input", `"${shown}" cannot be a file's name`, {
      field: "name",
      remedy: `1 to ${MAX_NAME} characters that can be seen, without / and \\`,
    });
  }
  if (bytes > MAX_FILE_BYTES) {
    fail("too_large", `${shown} has ${bytes} bytes; a file may have at most ${MAX_FILE_BYTES}`, { field: "file" });
  }
  if (bytes === 0) fail("invalid_input", `${shown} is empty`, { field: "file" });
  if ((await fileNamed(ctx, name)) !== null) {
    fail("conflict", `there is already a file named ${shown}`, {
      field: "name",
      remedy: `factory files remove ${shown}, or add it under another name with --name`,
    });
  }
  if ((await ctx.db.query("files").take(MAX_FILES)).length === MAX_FILES) {
    fail("limit_reached", `at most ${MAX_FILES} files are kept`, {
      remedy: "factory files remove NAME",
      retryable: false,
    });
  }
}

/** Throws what refuses; the bytes are the caller's to remove then. */
export async function addFile(
  ctx: MutationCtx,
  acting: Acting,
  { storageId, name }: { storageId: Id<"_storage">; name: string },
): Promise<StoredFile> {
  const stored = await ctx.db.system.get("_storage", storageId);
  if (stored === null) fail("not_found", "nothing was uploaded under this id", { field: "storageId" });
  const before = await fileStoredAs(ctx, storageId);
  if (before !== null) fail("conflict", `these bytes are already there as ${before.name}`, { field: "storageId" });
  await demandAddable(ctx, acting, { name, bytes: stored.size });
  const id = await ctx.db.insert("files", {
    name: name.trim(),
    nameKey: keyOf(name),
    storageId,
    contentType: stored.contentType ?? null,
    bytes: stored.size,
    addedBy: acting.person._id,
    addedByShown: acting.shown,
    at: Date.now(),
  });
  const row = (await ctx.db.get("files", id))!;
  await note(ctx, acting, "file.added", row, stored.sha256);
  return viewFile(row);
}

/** Removes bytes that became no file. */
export async function forget(ctx: MutationCtx, storageId: Id<"_storage">): Promise<void> {
  if ((await fileStoredAs(ctx, storageId)) !== null) return;
  if ((await ctx.db.system.get("_storage", storageId)) !== null) await ctx.storage.delete(storageId);
}

/** By its name or its storage id. The bytes go too. */
export async function removeFile(ctx: MutationCtx, acting: Acting, reference: string): Promise<StoredFile> {
  demand(acting, "files.write");
  const storageId = ctx.db.system.normalizeId("_storage", reference.trim());
  const row =
    (await fileNamed(ctx, reference)) ?? (await fileStoredAs(ctx, storageId)) ?? (await failUnknown(ctx, reference));
  await ctx.db.delete("files", row._id);
  await forget(ctx, row.storageId);
  await note(ctx, acting, "file.removed", row, null);
  return viewFile(row);
}

export async function listFiles(ctx: QueryCtx): Promise<StoredFile[]> {
  return (await ctx.db.query("files").withIndex("by_nameKey").take(MAX_FILES)).map(viewFile);
}

export interface FilesListed {
  files: { name: string; contentType: string | null; bytes: number; addedBy: string; at: number }[];
  /** There are more that fit. */
  more: boolean;
  /** Of all, whatever was asked about. */
  total: number;
}

const MAX_LISTED = 50;

/** By name; `about`: only those in whose name each of these words stands. */
export async function filesNamed(ctx: QueryCtx, about: string | null): Promise<FilesListed> {
  const all = await listFiles(ctx);
  const words = about === null ? [] : (keyOf(about).match(/[\p{L}\p{N}]+/gu) ?? []);
  const found = all.filter(({ name }) => words.every((word) => keyOf(name).includes(word)));
  const files = found.slice(0, MAX_LISTED).map(({ storageId: _, ...file }) => file);
  return { files, more: found.length > MAX_LISTED, total: all.length };
}

export interface Located {
  name: string;
  storageId: Id<"_storage">;
  contentType: string | null;
  bytes: number;
}

/** A name, a storage id, or an address of this deployment's own storage. Throws `not_found`, or `forbidden` for any other address. */
export async function locateFile(ctx: QueryCtx, reference: string): Promise<Located> {
  const wanted = reference.trim();
  if (/^[a-z][a-z0-9+.-]*:/i.test(wanted)) return await atAddress(ctx, wanted);
  const row = await fileNamed(ctx, wanted);
  if (row !== null) return located(row);
  const storageId = ctx.db.system.normalizeId("_storage", wanted);
  return (await stored(ctx, storageId)) ?? (await failUnknown(ctx, wanted));
}

const located = ({ name, storageId, contentType, bytes }: Doc<"files">): Located => ({
  ...{ name, storageId, contentType, bytes },
});

async function stored(ctx: QueryCtx, storageId: Id<"_storage"> | null): Promise<Located | null> {
  const meta = storageId === null ? null : await ctx.db.system.get("_storage", storageId);
  if (meta === null) return null;
  const row = await fileStoredAs(ctx, meta._id);
  return row === null
    ? { name: meta._id, storageId: meta._id, contentType: meta.contentType ?? null, bytes: meta.size }
    : located(row);
}

/** An address counts only if it is the one that this storage gives out for a file it holds: it is compared, never called. */
async function atAddress(ctx: QueryCtx, address: string): Promise<Located> {
  const id = /\/api\/storage\/([A-Za-z0-9-]{16,64})$/.exec(address)?.[1];
  const named = id === undefined ? null : await stored(ctx, ctx.db.system.normalizeId("_storage", id));
  if (named !== null && (await ctx.storage.getUrl(named.storageId)) === address) return named;
  // In Convex's cloud an address does not hold the id.
  for (const row of id === undefined ? [] : await ctx.db.query("files").take(MAX_FILES)) {
    if ((await ctx.storage.getUrl(row.storageId)) === address) return located(row);
  }
  fail(
    "forbidden",
    `"${shorten(address, 120)}" is not an address of this deployment's own file storage; no other is read`,
    {
      field: "file",
      remedy: "add the file with: factory files add FILE, then name it",
    },
  );
}

const keyOf = (name: string): string => name.normalize("NFC").trim().toLowerCase();

async function fileNamed(ctx: QueryCtx, name: string): Promise<Doc<"files"> | null> {
  return await ctx.db
    .query("files")
    .withIndex("by_nameKey", (q) => q.eq("nameKey", keyOf(name)))
    .unique();
}

async function fileStoredAs(ctx: QueryCtx, storageId: Id<"_storage"> | null): Promise<Doc<"files"> | null> {
  if (storageId === null) return null;
  return await ctx.db
    .query("files")
    .withIndex("by_storageId", (q) => q.eq("storageId", storageId))
    .first();
}

async function failUnknown(ctx: QueryCtx, reference: string): Promise<never> {
  const names = (await listFiles(ctx)).map(({ name }) => name);
  const near = didYouMean(reference.trim(), names);
  const known =
    names.length === 0 ? "none has been added; factory files add FILE" : `there are ${names.slice(0, 10).join(", ")}`;
  fail("not_found", `there is no file "${shorten(reference, 80)}"`, {
    field: "file",
    remedy: near === null ? known : `did you mean "${near}"?`,
  });
}

async function note(
  ctx: MutationCtx,
  acting: Acting,
  kind: string,
  { name, storageId, bytes }: Doc<"files">,
  sha256: string | null,
): Promise<void> {
  await record(ctx, {
    subject: `file:${storageId}`,
    kind,
    ...doneBy(acting),
    detail: { name, bytes, sha256 },
  });
}
