/** Uploads in three steps: an address, the bytes, completion. */
import { invalid } from "../arguments.ts";
import { checkMessageBlocks } from "../blocks.ts";
import { SlackError } from "../types.ts";
import { wireFile } from "../wire.ts";
import type { Workspace } from "../workspace.ts";
import { demandOpen, targetChannel, threadOf } from "./chat.ts";
import type { Methods } from "./method.ts";

export const files: Methods = {
  "files.getUploadURLExternal"(args, { workspace, url }) {
    const length = args.number("length", 0);
    if (length <= 0) throw invalid("must be greater than 0 [json-pointer:/length]");
    const id = workspace.ids.next("F");
    const name = args.text("filename");
    workspace.files.put(id, {
      id,
      name,
      title: name,
      length,
      user: workspace.app.botUser,
      content: null,
      complete: false,
      channel: null,
    });
    return { file_id: id, upload_url: `${url()}/upload/v1/${id}` };
  },

  "files.completeUploadExternal"(args, { workspace, events }) {
    const wanted = args.json("files");
    if (!Array.isArray(wanted) || wanted.length === 0) throw invalid("missing required field: files");
    const uploaded = (wanted as { id?: string; title?: string }[]).map(({ id = "", title }) => {
      const file = workspace.files.get(id);
      if (file === undefined || file.content === null) throw new SlackError("file_not_found");
      return { ...file, title: title ?? file.title, complete: true };
    });
    const target = args.optionalText("channel_id");
    if (target !== null) {
      const channel = targetChannel(workspace, target);
      demandOpen(workspace, channel);
      const threadTs = threadOf(workspace, channel, args);
      const blocks = args.json("blocks");
      for (const file of uploaded) workspace.files.put(file.id, { ...file, channel: channel.id });
      const message = workspace.post({
        channel: channel.id,
        user: workspace.app.botUser,
        botId: workspace.app.botId,
        text: args.optionalText("initial_comment") ?? "",
        blocks: blocks === undefined ? [] : checkMessageBlocks(blocks),
        threadTs,
        files: uploaded.map((file) => file.id),
      });
      events.said(message);
    } else for (const file of uploaded) workspace.files.put(file.id, file);
    return { files: uploaded.map((file) => wireFile(workspace, workspace.files.get(file.id)!)) };
  },

  "files.info"(args, { workspace }) {
    const file = workspace.files.get(args.text("file"));
    if (file === undefined) throw new SlackError("file_not_found");
    return { file: wireFile(workspace, file), content: null };
  },
};

/** The second step; null: no such address. Slack answers "OK - LENGTH". */
export function takeUpload(workspace: Workspace, id: string, bytes: Buffer): string | null {
  const file = workspace.files.get(id);
  if (file === undefined || file.complete) return null;
  workspace.files.put(id, { ...file, content: bytes.toString("base64"), length: bytes.length });
  return `OK - ${bytes.length}`;
}
