/**
 * The page where a person uses the simulated platforms, side by side. Plain files from `page/`, served as they are. A pane is
 * a platform's part of it: a control surface here, `page/NAME/pane.js` there (README.md, "Panes").
 */
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import type { SimHandler, SimReply } from "./http.ts";

export interface Pane {
  /** Folder below `page/` and path below the page: `slack`. */
  name: string;
  title: string;
  control: SimHandler;
}

/** Where the page is mounted, in the bot and alone: its links are relative to this. */
export const PAGE_PATH = "/simulator";

const FOLDER = join(import.meta.dirname, "page");
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing from elsewhere runs here, whatever a message says. */
const HEADERS = {
  "content-security-policy":
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; frame-ancestors 'none'; base-uri 'self'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** Paths behind `/simulator`: `/` the page, `/panes` which panes there are, `/NAME/…` a pane's control surface, the rest files. */
export function createSimulatorPage(panes: Pane[]): SimHandler {
  return async (request) => {
    const [, first = "", ...rest] = request.path.split("/");
    const refused = refusal(request.headers);
    if (refused !== null) return refused;
    if (request.method === "GET") {
      if (first === "") return await file("index.html");
      if (first === "panes") return { status: 200, body: panes.map(({ name, title }) => ({ name, title })) };
      const extension = extname(request.path);
      if (TYPES[extension] !== undefined) return await file(request.path);
    }
    const pane = panes.find((other) => other.name === first);
    return (await pane?.control({ ...request, path: `/${rest.join("/")}` })) ?? null;
  };
}

/** A page of another site may not act here, nor one that has made its name point to this machine's address. */
function refusal(headers: Record<string, unknown>): SimReply | null {
  const site = headers["sec-fetch-site"];
  const origin = typeof headers.origin === "string" ? headers.origin : null;
  const host = String(headers.host ?? "");
  // A sandboxed or local page says "null".
  const from = origin === null ? host : URL.canParse(origin) ? new URL(origin).host : "";
  const foreign = site === "cross-site" || from !== host;
  return foreign ? { status: 403, body: { ok: false, error: "this page is used from its own address only" } } : null;
}

async function file(path: string): Promise<SimReply | null> {
  const full = normalize(join(FOLDER, path));
  const type = TYPES[extname(full)];
  if (!full.startsWith(FOLDER + sep) || type === undefined) return null;
  try {
    return { status: 200, headers: { ...HEADERS, "content-type": type }, body: await readFile(full) };
  } catch {
    return null;
  }
}
