import { type Backend, functions } from "./backend.ts";

/** Long enough for what a confirmed message sets off (the next turn, the next line) to show up in the backend's counts. */
const QUIET_FOR_MS = 250;
const LOOK_EVERY_MS = 50;

/** Resolves when everything that was said at a place has been answered there: no open turn, nothing to route, nothing to say. */
export async function untilQuiet(
  backend: Pick<Backend, "onUpdate">,
  place: string,
  saying: () => boolean,
): Promise<void> {
  let busy = true;
  let quietSince: number | null = null;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const stop = backend.onUpdate(
    functions.conversations.busy,
    { place },
    (counts) => {
      busy = counts.openTurns + counts.readyDeliveries + counts.inboundPending > 0;
    },
    reject,
  );
  const timer = setInterval(() => {
    if (busy || saying()) quietSince = null;
    else if (quietSince === null) quietSince = Date.now();
    else if (Date.now() - quietSince >= QUIET_FOR_MS) resolve();
  }, LOOK_EVERY_MS);
  try {
    await done;
  } finally {
    clearInterval(timer);
    stop();
  }
}
