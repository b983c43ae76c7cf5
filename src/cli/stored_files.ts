/** `factory files`: what agents may read. The bytes go to the backend's file storage, over an address it gives out. */
import { readFileSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import type { Id } from "../../convex/_generated/dataModel.js";
import { functions } from "../bot/backend.ts";
import type { StoredFile } from "../bot/functions.ts";
import { FactoryError } from "../contract/errors.ts";
import { type Act, text } from "./act.ts";
import type { Context } from "./context.ts";
import { locate } from "./files.ts";
import { fields, type Painter, table } from "./output.ts";
import { timeOf } from "./show.ts";

const UPLOAD_TIMEOUT_MS = 60_000;
const TYPES: Record<string, string> = {
  ".pdf": "application/pdf",
  ".md": "text/markdown",
  ".csv": "text/csv",
  ".json": "application/json",
};

export function fileCommands(program: Command, act: Act): void {
  const files = program.command("files").description("PDF and text files that agents may read");
  files
    .command("add")
    .argument("<file>", "a PDF or a text, at most 10 MiB")
    .option("--name <name>", "as it is called in conversation; default its own name")
    .description("hand a file to the factory")
    .action(
      act(async (context, [path], options) => {
        const added = await add(context, path!, text(options.name));
        context.out.result(added, (paint) => fileText(added, paint));
      }),
    );
  files
    .command("list")
    .description("every file, with its size and who added it")
    .action(
      act(async (context) => {
        const all = await (await context.backend()).query(functions.files.list, {});
        const rows = all.map(({ name, bytes, addedBy, at }) => [name, size(bytes), addedBy, timeOf(at)]);
        context.out.result(all, (paint) =>
          all.length === 0
            ? "No files yet. To add one: factory files add FILE"
            : table(["name", "size", "added by", "when"], rows, paint),
        );
      }),
    );
  files
    .command("remove")
    .argument("<name>", "its name or its storage id")
    .description("take a file away, with its bytes")
    .action(
      act(async (context, [file]) => {
        const args = { actor: context.actor(), file: file! };
        const removed = await (await context.backend()).mutation(functions.files.remove, args);
        context.out.result(removed, () => `Removed ${removed.name}.`);
      }),
    );
}

async function add(context: Context, path: string, name: string | undefined): Promise<StoredFile> {
  const bytes = readBytes(path);
  demandReadable(path, bytes);
  const shown = name ?? basename(path);
  const backend = await context.backend();
  const asked = { actor: context.actor(), name: shown, bytes: bytes.byteLength };
  const storageId = await upload(await backend.mutation(functions.files.uploadUrl, asked), bytes, typeOf(path));
  const added = await backend.mutation(functions.files.add, { actor: context.actor(), name: shown, storageId });
  if ("file" in added) return added.file;
  const { code, message, remedy, field, retryable } = added.refused;
  throw new FactoryError(code, message, {
    ...(remedy === null ? {} : { remedy }),
    ...(field === null ? {} : { field }),
    retryable,
  });
}

function readBytes(path: string): Uint8Array<ArrayBuffer> {
  const found = locate(path);
  try {
    if (!statSync(found).isFile()) throw new Error("it is no file");
    return new Uint8Array(readFileSync(found));
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : message;
    throw new FactoryError("invalid_input", `${path} cannot be read: ${reason}`, {
      field: "file",
      remedy: "give the path of a file you may read",
      cause: thrown,
    });
  }
}

/** Said here, where it can be mended; whoever reads it looks again, and closer. */
function demandReadable(path: string, bytes: Uint8Array): void {
  const head = Buffer.from(bytes.subarray(0, 8192));
  const isUtf16 = head.length > 1 && [0xfffe, 0xfeff].includes(head.readUInt16BE(0));
  if (isUtf16 || head.subarray(0, 1024).includes("%PDF-") || !head.includes(0)) return;
  throw new FactoryError("invalid_input", `${path} is neither a PDF nor a text`, {
    field: "file",
    remedy: "agents read PDF files and texts (UTF-8, or UTF-16 with a byte order mark)",
  });
}

async function upload(address: string, bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Id<"_storage">> {
  let failure: unknown;
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": type },
      body: bytes,
      signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
    });
    const { storageId } = (await response.json()) as { storageId?: unknown };
    if (response.ok && typeof storageId === "string") return storageId as Id<"_storage">;
    failure = new Error(`the backend answered ${response.status}`);
  } catch (thrown) {
    failure = thrown;
  }
  const why = failure instanceof Error ? failure.message : String(failure);
  throw new FactoryError("backend_unavailable", `the file could not be uploaded: ${why}`, { cause: failure });
}

const typeOf = (path: string): string => TYPES[extname(path).toLowerCase()] ?? "text/plain";

const size = (bytes: number): string => (bytes < 10_000 ? `${bytes} B` : `${Math.round(bytes / 1000)} kB`);

const fileText = ({ name, bytes, storageId, addedBy }: StoredFile, paint: Painter): string =>
  [
    fields(
      [
        ["file", name],
        ["size", size(bytes)],
        ["storage id", storageId],
        ["added by", addedBy],
      ],
      paint,
    ),
    paint("dim", `Ask for it in any channel: read the file ${name} and summarise it`),
  ].join("\n");
