/**
 * The live page (O3): runs, questions and deliveries as they are, in a browser. This process subscribes and passes on what changes; the
 * browser never talks with the backend, and can change nothing. What it is shown needs the token that `factory live` prints.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { PassThrough } from "node:stream";
import { FactoryError, toErrorInfo } from "../contract/errors.ts";
import { type Backend, functions } from "./backend.ts";
import type { HttpReply, HttpRequest, Routes } from "./http.ts";
import type { Logger } from "./logger.ts";

export const LIVE_PATH = "/live";

/** Follows from the gateway's key, so that it stays the same over restarts and lies nowhere. */
export const liveToken = (secret: string): string =>
  createHmac("sha256", secret).update("factory live page").digest("base64url");

/** What follows `#` stays in the browser. */
export const liveAddress = (http: string, secret: string): string => `${http}${LIVE_PATH}#${liveToken(secret)}`;

export interface LivePage {
  routes: Routes;
  /** Open pages are told nothing more. */
  close(): void;
}

/** Many changes in a row become one; an eye sees no more. */
const EVERY_MS = 250;
const KEEP_ALIVE_MS = 15_000;
/** A browser that does not read is left behind, not waited for. */
const LARGEST_BACKLOG = 4 * 1024 * 1024;
const MOST_PAGES = 20;

const TOPICS = ["runs", "questions", "deliveries", "state"] as const;
type Topic = (typeof TOPICS)[number];

const FILES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const HEADERS = {
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

export function createLivePage(options: { backend: Pick<Backend, "onUpdate">; secret: string; log: Logger }): LivePage {
  const { backend, log } = options;
  const expected = Buffer.from(liveToken(options.secret));
  const open = new Set<PassThrough>();
  const news = new Map<Topic, string>();
  let stops: (() => void)[] = [];
  let timer: NodeJS.Timeout | null = null;
  const fresh = new Set<Topic>();

  const line = (topic: Topic): string => `event: ${topic}\ndata: ${news.get(topic)}\n\n`;
  function tell(): void {
    timer = null;
    const text = [...fresh].map(line).join("");
    fresh.clear();
    for (const stream of open) {
      if (stream.writableLength > LARGEST_BACKLOG) stream.destroy();
      else stream.write(text);
    }
  }

  /** Only while somebody looks. */
  function subscribe(): void {
    if (stops.length > 0) return;
    stops = TOPICS.map((topic) =>
      backend.onUpdate(
        functions.live[topic],
        {},
        (value) => {
          news.set(topic, JSON.stringify(value));
          fresh.add(topic);
          timer ??= setTimeout(tell, EVERY_MS);
        },
        (error) => log.warn({ error: toErrorInfo(error), topic }, "the live page could not be brought up to date"),
      ),
    );
  }
  function leave(stream: PassThrough): void {
    open.delete(stream);
    if (open.size > 0) return;
    for (const stop of stops.splice(0)) stop();
    news.clear();
  }

  function mayLook({ headers }: HttpRequest): boolean {
    const given = Buffer.from(/^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "");
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  async function events(request: HttpRequest): Promise<HttpReply> {
    if (!mayLook(request)) {
      const error = new FactoryError("unauthenticated", "the live page is shown to whoever has its address", {
        remedy: "open the address that `factory live` prints",
      });
      return { status: 401, headers: HEADERS, body: { error: error.info } };
    }
    if (open.size >= MOST_PAGES) {
      const error = new FactoryError("limit_reached", `${MOST_PAGES} live pages are open already`, {
        remedy: "close some",
      });
      return { status: 503, headers: HEADERS, body: { error: error.info } };
    }
    const stream = new PassThrough();
    open.add(stream);
    const beat = setInterval(() => stream.write(": here\n\n"), KEEP_ALIVE_MS);
    beat.unref();
    stream.on("close", () => {
      clearInterval(beat);
      leave(stream);
    });
    stream.write(": listening\n\n");
    for (const topic of news.keys()) stream.write(line(topic));
    subscribe();
    return { status: 200, headers: { ...HEADERS, "content-type": "text/event-stream" }, body: stream };
  }

  const file = (path: string) => async (): Promise<HttpReply> => ({
    status: 200,
    headers: { ...HEADERS, "content-type": FILES[extname(path)] ?? "text/plain" },
    body: await readFile(join(import.meta.dirname, path)),
  });
  return {
    routes: {
      [`GET ${LIVE_PATH}`]: file("live_page/index.html"),
      [`GET ${LIVE_PATH}/live.js`]: file("live_page/live.js"),
      [`GET ${LIVE_PATH}/live.css`]: file("live_page/live.css"),
      // The same as the simulator's page: elements from values, text always as text.
      [`GET ${LIVE_PATH}/dom.js`]: file("../simulator/page/dom.js"),
      [`GET ${LIVE_PATH}/icon.svg`]: file("../simulator/page/icon.svg"),
      [`GET ${LIVE_PATH}/events`]: events,
    },
    close() {
      if (timer !== null) clearTimeout(timer);
      for (const stream of [...open]) stream.destroy();
    },
  };
}
