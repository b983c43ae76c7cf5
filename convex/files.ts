/** Files for agents to read, as `factory files` hands them in: an address to upload to, then the row. */

import { v } from "convex/values";
import { type ErrorInfo, toErrorInfo } from "../src/contract/errors.ts";
import type { StoredFile } from "../src/contract/stored_file.ts";
import { internalQuery } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as files from "./model/files.ts";
import { resolveActor } from "./model/people.ts";
import { vActor } from "./model/validators.ts";

/** Where the bytes are to be posted to; refuses what `add` would refuse. */
export const uploadUrl = gatewayMutation({
  args: { actor: vActor, name: v.string(), bytes: v.number() },
  handler: async (ctx, { actor, name, bytes }): Promise<string> => {
    await files.demandAddable(ctx, await resolveActor(ctx, actor), { name, bytes });
    return await ctx.storage.generateUploadUrl();
  },
});

/** What is refused is said in the result, because its bytes are removed in the same transaction. */
export const add = gatewayMutation({
  args: { actor: vActor, name: v.string(), storageId: v.id("_storage") },
  handler: async (ctx, { actor, name, storageId }): Promise<{ file: StoredFile } | { refused: ErrorInfo }> => {
    try {
      return { file: await files.addFile(ctx, await resolveActor(ctx, actor), { storageId, name }) };
    } catch (thrown) {
      const refused = toErrorInfo(thrown);
      if (refused.code === "internal") throw thrown;
      await files.forget(ctx, storageId);
      return { refused };
    }
  },
});

export const list = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<StoredFile[]> => await files.listFiles(ctx),
});

export const remove = gatewayMutation({
  args: { actor: vActor, file: v.string() },
  handler: async (ctx, { actor, file }): Promise<StoredFile> =>
    await files.removeFile(ctx, await resolveActor(ctx, actor), file),
});

/** For the action that reads it. */
export const locate = internalQuery({
  args: { file: v.string() },
  handler: async (ctx, { file }): Promise<files.Located> => await files.locateFile(ctx, file),
});
