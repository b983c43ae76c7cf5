/** What adapters ask of the backend, for one channel. */
import type { ChannelName } from "../contract/handle.ts";
import type { Lookups } from "../contract/lookups.ts";
import { type Backend, functions } from "./backend.ts";

export function createLookups(
  backend: Pick<Backend, "query" | "mutation" | "onUpdate">,
  channel: ChannelName,
): Lookups {
  const { lookups } = functions;
  return {
    card: (handle, approvalId) => backend.query(lookups.card, { handle, approvalId }),
    workflow: (handle, name) => backend.query(lookups.workflow, { handle, name }),
    workflows: (handle) => backend.query(lookups.workflows, { handle }),
    home: (handle) => backend.query(lookups.home, { handle }),
    homes: {
      opened: async (handle) => void (await backend.mutation(lookups.homeOpened, { channel, handle })),
      list: () => backend.query(lookups.openHomes, { channel }),
      watch: (handle, show, failed) => backend.onUpdate(lookups.home, { handle }, show, failed),
    },
    history: {
      caughtUpTo: () => backend.query(lookups.caughtUpTo, { channel }),
      markCaughtUp: async (at) => void (await backend.mutation(lookups.markCaughtUp, { channel, at })),
      knownPlaces: () => backend.query(lookups.knownPlaces, { channel }),
    },
  };
}
