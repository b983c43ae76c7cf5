/** Everything of the adapter that talks with Slack, put together and started. */
import type { WebClient } from "@slack/web-api";
import type { Inbox } from "../../src/contract/adapter.ts";
import { FactoryError } from "../../src/contract/errors.ts";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import type { Lookups } from "../../src/contract/lookups.ts";
import { textAt } from "../../src/contract/untrusted.ts";
import { createAssistant } from "./assistant.ts";
import { catchUp } from "./catch_up.ts";
import { type Connection, connect } from "./connect.ts";
import { createDirectory } from "./directory.ts";
import { createHomes } from "./homes.ts";
import type { SlackAdapterConfig } from "./index.ts";
import { createModals } from "./modals.ts";
import type { Self } from "./parse.ts";
import { createSender, type Sender } from "./send.ts";
import { openSockets, type Sockets } from "./socket.ts";
import { createWeb, explain } from "./web.ts";

export interface Opened {
  sender: Sender;
  take: Connection["take"];
  connected(): boolean;
  stop(): Promise<void>;
}

const CATCH_UP_EVERY_MS = 3 * 60_000;
/** Slack replaces a connection now and then; the other one goes on meanwhile. */
const CONNECTIONS = 2;

/** Resolves when Slack delivers events. Rejects with a FactoryError that names the variable at fault. */
export async function open(config: SlackAdapterConfig, inbox: Inbox, lookups: Lookups): Promise<Opened> {
  const { log, now = Date.now, catchUpEveryMs = CATCH_UP_EVERY_MS } = config;
  const web = createWeb(config.botToken, config.apiUrl, log);
  const self = await whoAmI(web);
  const directory = createDirectory(web, now);
  const modals = createModals(web, lookups, directory);
  const stopping = new AbortController();
  const homes = createHomes({ web, lookups, log });
  const assistant = createAssistant({ web, now, log });
  const connection = connect({
    ...{ token: config.botToken, self, inbox, lookups, modals, assistant, now, log },
    showHome: (handle) => homes.opened(handle),
  });
  const { take } = connection;

  let catchingUp: Promise<void> | null = null;
  let again = false;
  /** One at a time; a gap that shows meanwhile is looked at afterwards. */
  function lookBack(): void {
    if (stopping.signal.aborted) return;
    if (catchingUp !== null) {
      again = true;
      return;
    }
    const receive = (event: InboundEvent) => inbox.receive(event);
    const looking = catchUp({ web, self, history: lookups.history, receive, now, log, signal: stopping.signal });
    catchingUp = looking
      .then(
        (count) => log("debug", "looked for what was missed", { count }),
        (thrown: unknown) => log("warn", "what was missed could not be fetched", { error: explain(thrown).error }),
      )
      .finally(() => {
        catchingUp = null;
        if (!again) return;
        again = false;
        lookBack();
      });
  }

  let sockets: Sockets | null = null;
  if (config.appToken !== null) {
    try {
      const { appToken, apiUrl } = config;
      sockets = await openSockets({ appToken, apiUrl, connections: CONNECTIONS, take, afterGap: lookBack, log });
    } catch (thrown) {
      throw refusedStart(thrown, "SLACK_APP_TOKEN", "it needs an app-level token with connections:write");
    }
  }
  lookBack();
  homes
    .resume()
    .catch((thrown: unknown) => log("warn", "open home pages are not known", { error: explain(thrown).error }));
  const timer = setInterval(lookBack, catchUpEveryMs);
  timer.unref();

  return {
    sender: createSender({ web, directory, userId: self.userId, before: assistant.settled, log }),
    take,
    // Over HTTP it is Slack that connects.
    connected: () => sockets === null || sockets.connected() > 0,
    async stop() {
      stopping.abort();
      clearInterval(timer);
      homes.stop();
      await sockets?.stop();
      await connection.stop();
      await catchingUp;
    },
  };
}

async function whoAmI(web: WebClient): Promise<Self> {
  try {
    const me = await web.auth.test();
    const [team, userId] = [textAt(me, "team_id"), textAt(me, "user_id")];
    if (team === null || userId === null) throw new Error("auth.test did not say who the bot is");
    return { team, userId, botId: textAt(me, "bot_id") };
  } catch (thrown) {
    throw refusedStart(thrown, "SLACK_BOT_TOKEN", "it needs the bot token of an installed app (xoxb-…)");
  }
}

function refusedStart(thrown: unknown, field: string, remedy: string): FactoryError {
  const { error, code } = explain(thrown);
  const fromSlack = error.remedy === null ? remedy : `${error.remedy}; ${remedy}`;
  return new FactoryError(error.code, error.message, {
    field: code === null ? "SLACK_API_URL" : field,
    remedy: code === null ? (error.remedy ?? remedy) : fromSlack,
    cause: thrown,
  });
}
