/**
 * Home pages that stay true while somebody looks at them. Slack says when one is opened and never when it is closed, so each that was
 * opened lately is followed: when that person's questions or runs change, it is drawn anew from the newest state, at most once in
 * `EVERY_MS`; after a restart those that the backend remembers are followed on.
 */
import type { WebClient } from "@slack/web-api";
import type { Log } from "../../src/contract/log.ts";
import type { HomeView, Lookups } from "../../src/contract/lookups.ts";
import { renderHome } from "./home.ts";
import { userOf } from "./ids.ts";
import { explain } from "./web.ts";

export interface Homes {
  /** Drawn at once; from then on it is followed. */
  opened(handle: string): Promise<void>;
  /** Follows what was open before the bot was started. */
  resume(): Promise<void>;
  stop(): void;
}

export interface HomesOptions {
  web: Pick<WebClient, "views">;
  lookups: Pick<Lookups, "home" | "homes">;
  log: Log;
  /** Between two drawings of one page. */
  everyMs?: number;
}

const EVERY_MS = 2_000;
const FIRST_BACKOFF_MS = 5_000;
const LONGEST_BACKOFF_MS = 5 * 60_000;
const RESUME_EVERY_MS = 200;
/** As many as the backend remembers. */
const MOST = 50;

interface Page {
  unwatch: () => void;
  /** What is to be drawn; null: nothing new. */
  next: HomeView | null;
  /** As the backend said it last; null: not heard yet. */
  latest: HomeView | null;
  /** As Slack has it; empty: not known. */
  drawn: string;
  /** Not drawn again before this moment. */
  dueAt: number;
  timer: NodeJS.Timeout | null;
  drawing: boolean;
  failures: number;
}

export function createHomes({ web, lookups, log, everyMs = EVERY_MS }: HomesOptions): Homes {
  /** By handle; the one opened last at the end. */
  const pages = new Map<string, Page>();
  let stopped = false;

  /** Draws it, too: what it shows is not known, neither when it is opened nor after a restart. */
  function follow(handle: string, waitMs: number): void {
    const { homes } = lookups;
    if (homes === undefined || stopped) return;
    const known = pages.get(handle);
    const page: Page = known ?? {
      ...{ unwatch: () => {}, next: null, latest: null, drawn: "", dueAt: 0 },
      ...{ timer: null, drawing: false, failures: 0 },
    };
    pages.delete(handle);
    pages.set(handle, page);
    Object.assign(page, { drawn: "", dueAt: Date.now() + waitMs, next: page.latest });
    if (known !== undefined) {
      drawLater(handle, page);
      return;
    }
    page.unwatch = homes.watch(
      handle,
      (home) => {
        page.latest = home;
        page.next = home;
        drawLater(handle, page);
      },
      (error) => log("warn", "a home page cannot be followed", { error: error.message }),
    );
    const oldest = pages.keys().next().value;
    if (pages.size > MOST && oldest !== undefined) forget(oldest);
  }

  function forget(handle: string): void {
    const page = pages.get(handle);
    page?.unwatch();
    clearTimeout(page?.timer ?? undefined);
    pages.delete(handle);
  }

  /** One drawing at a time, so that an older page never comes after a newer one. */
  function drawLater(handle: string, page: Page): void {
    if (page.drawing || pages.get(handle) !== page) return;
    clearTimeout(page.timer ?? undefined);
    page.timer = setTimeout(
      () => {
        page.drawing = true;
        void draw(handle, page).finally(() => {
          page.drawing = false;
          if (page.next !== null) drawLater(handle, page);
        });
      },
      Math.max(0, page.dueAt - Date.now()),
    );
    page.timer.unref();
  }

  /** Never rejects. */
  async function draw(handle: string, page: Page): Promise<void> {
    const home = page.next;
    page.next = null;
    if (home === null) return;
    const text = textOf(home, handle);
    if (text === page.drawn) return;
    page.dueAt = Date.now() + everyMs;
    try {
      await publish(handle, home);
      Object.assign(page, { drawn: text, failures: 0 });
    } catch (thrown) {
      const { error, retryAfterMs } = explain(thrown);
      if (!error.retryable) {
        log("debug", "a home page is not followed any more", { handle, error });
        forget(handle);
        return;
      }
      const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** page.failures);
      page.failures += 1;
      page.dueAt = Date.now() + Math.max(backoffMs, retryAfterMs ?? 0);
      page.next ??= home;
    }
  }

  async function publish(handle: string, home: HomeView): Promise<void> {
    const user = userOf(handle);
    if (user !== null) await web.views.publish({ user_id: user, view: renderHome(home, handle) });
  }

  return {
    async opened(handle) {
      if (lookups.homes === undefined) await publish(handle, await lookups.home(handle));
      follow(handle, 0);
      await lookups.homes?.opened(handle);
    },
    async resume() {
      const handles = (await lookups.homes?.list()) ?? [];
      const unknown = handles.slice(0, MOST).filter((handle) => !pages.has(handle));
      // Nobody knows what they show. Not all at once: other calls go to the same platform.
      for (const [index, handle] of unknown.reverse().entries()) follow(handle, index * RESUME_EVERY_MS);
    },
    stop() {
      stopped = true;
      for (const handle of [...pages.keys()]) forget(handle);
    },
  };
}

const textOf = (home: HomeView, handle: string): string => JSON.stringify(renderHome(home, handle));
