/** Bodies as Discord takes them: JSON, or a multipart with `payload_json` and `files[N]`. */
import type { SimRequest } from "../http.ts";
import type { Upload } from "./interactions.ts";
import { DiscordError, type Wire } from "./types.ts";

export async function readUpload(request: SimRequest): Promise<Upload> {
  const bytes = await request.body();
  if (bytes.length === 0) return { body: {}, files: [] };
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) return { body: parse(bytes.toString()), files: [] };
  const form = await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData();
  const payload = form.get("payload_json");
  const body = typeof payload === "string" ? parse(payload) : {};
  const named = (body.attachments ?? (body.data as Wire | undefined)?.attachments ?? []) as Wire[];
  const files: Upload["files"] = [];
  for (const [name, value] of form) {
    const index = /^files\[(\d+)\]$/.exec(name)?.[1];
    if (index === undefined || typeof value === "string") continue;
    const about = named.find((one) => String(one.id) === index);
    files.push({
      filename: typeof about?.filename === "string" ? about.filename : value.name,
      description: typeof about?.description === "string" ? about.description : null,
      content: Buffer.from(await value.arrayBuffer()),
    });
  }
  return { body, files };
}

function parse(text: string): Wire {
  try {
    return JSON.parse(text) as Wire;
  } catch {
    throw new DiscordError(400, 50109, "The request body contains invalid JSON.");
  }
}
