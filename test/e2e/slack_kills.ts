/** Slack's part of the kill matrix: what its moments are called, in Socket Mode and over HTTP. */
import { byBot, type SlackBot, startSlackBot } from "../slack_bot.ts";
import { holdCommits, type KilledBot, type KilledChannel } from "./channel_kills.ts";
import { WITNESSED } from "./harness.ts";
import type { PlatformMoment } from "./kill_moments.ts";

export type SlackMode = "socket" | "http";

export interface SlackKills {
  world: SlackBot;
  bot: KilledBot;
  channel: KilledChannel;
}

/** Slack sends again after 0 s, 1 min and 5 min; here the last two come while somebody watches. */
const RETRY_AFTER_MS = [0, 3_000, 6_000];

export async function startSlackKills(mode: SlackMode): Promise<SlackKills> {
  const world = await startSlackBot({
    ...{ workflows: [WITNESSED], retryAfterMs: RETRY_AFTER_MS, prepare: holdCommits },
    // An app has one of the two switched on.
    env: mode === "http" ? { SLACK_APP_TOKEN: "" } : { SLACK_SIGNING_SECRET: "" },
  });
  const { slack } = world;
  // After a restart the bot listens elsewhere; a real one keeps its address.
  const reach = async () => {
    if (mode === "http") await slack.setRequestUrl(`${world.bot.ready.http}/slack/events`);
    else await slack.socket.connected(1);
  };
  await reach();
  const bot: KilledBot = {
    place: world.place,
    kill: () => world.kill(),
    async again() {
      await world.again();
      await reach();
    },
  };
  return { world, bot, channel: slackChannel(world) };
}

export function slackChannel({ slack }: SlackBot): KilledChannel {
  const ana = slack.as("ana");
  return {
    ask: (words) => ana.say("#eng", `@factory ${words}`),
    said: (root) =>
      byBot(ana.messages("#eng", { thread: root })).map(({ ts, text, buttons }) => ({
        id: ts,
        text,
        buttons: buttons.map((button) => button.label),
      })),
    press: (_, message, button) => ana.click("#eng", message, button),
    hold(moment, id) {
      const [on, stage, fits] = HOLDS[moment](id);
      return slack.holds.order({ on, stage, fits: (fields) => fits(JSON.stringify(fields)) });
    },
    acknowledged: () =>
      slack.deliveries().some(({ kind, outcome }) => kind === "events_api" && outcome === "acknowledged"),
    clear: () => slack.holds.clear(),
  };
}

type Fits = (fields: string) => boolean;
const isCard = (id: string) => (fields: string) => fields.includes(`Go on with ${id}?`) && fields.includes("answer.0");
const isSettled = (id: string) => (fields: string) =>
  fields.includes(`Go on with ${id}?`) && fields.includes("Approved");
const isResult = (id: string) => (fields: string) => fields.includes(`${id} went on`);
/** It may still be growing when it is posted. */
const isReply = (id: string) => (fields: string) => !fields.includes(`Go on with ${id}?`) && !isResult(id)(fields);
const isMessage = (id: string) => (fields: string) => fields.includes(`id=${id}`);

const HOLDS: Record<PlatformMoment, (id: string) => [on: string, stage: "before" | "after", fits: Fits]> = {
  message: (id) => ["event:message", "before", isMessage(id)],
  replyPost: (id) => ["chat.postMessage", "before", isReply(id)],
  replyPostDone: (id) => ["chat.postMessage", "after", isReply(id)],
  cardPost: (id) => ["chat.postMessage", "before", isCard(id)],
  cardPostDone: (id) => ["chat.postMessage", "after", isCard(id)],
  click: (id) => ["interactive:block_actions", "before", isCard(id)],
  clickDone: (id) => ["interactive:block_actions", "after", isCard(id)],
  cardUpdate: (id) => ["chat.update", "before", isSettled(id)],
  cardUpdateDone: (id) => ["chat.update", "after", isSettled(id)],
  resultPost: (id) => ["chat.postMessage", "before", isResult(id)],
  resultPostDone: (id) => ["chat.postMessage", "after", isResult(id)],
};
