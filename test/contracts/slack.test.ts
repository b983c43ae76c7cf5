import { createSlackAdapter } from "../../channels/slack/index.ts";
import { startHttp } from "../../src/bot/http.ts";
import { silentLogger } from "../../src/bot/logger.ts";
import { webhookRoutes } from "../../src/bot/webhooks.ts";
import type { ChannelAdapter, WebhookReply, WebhookRequest } from "../../src/contract/adapter.ts";
import { createManualClock } from "../../src/simulator/clock.ts";
import { createSlackSimulator } from "../../src/simulator/slack/index.ts";
import { type AdapterWorld, adapterSuite } from "./adapter_suite.ts";

async function openSlack(mode: "socket" | "http"): Promise<AdapterWorld> {
  const clock = createManualClock();
  const slack = await createSlackSimulator({ clock, rateLimits: false });
  const [ana, bob] = [slack.as("ana"), slack.as("bob")];
  const adapters: ChannelAdapter[] = [];
  /** The process that runs now; the others are stopped or not started. */
  const answer = async (request: WebhookRequest): Promise<WebhookReply> => {
    const bytes = await request.body();
    let reply: WebhookReply = { status: 503, body: "" };
    for (const adapter of adapters) {
      const taken = await adapter.webhooks!["POST /slack/events"]!({ ...request, body: async () => bytes });
      if (taken.status !== 503) reply = taken;
    }
    return reply;
  };
  const door = { webhooks: { "POST /slack/events": answer } } as unknown as ChannelAdapter;
  const http = await startHttp({ port: 0, host: "127.0.0.1", log: silentLogger(), routes: webhookRoutes([door]) });
  const own = "slack:TSIM/UANA";
  const channel = (place: string) => (place === own ? "dm" : place.slice("slack:".length));
  const world: AdapterWorld = {
    create() {
      const adapter = createSlackAdapter({
        botToken: slack.botToken,
        appToken: mode === "socket" ? slack.appToken : null,
        signingSecret: slack.signingSecret,
        apiUrl: slack.apiUrl,
        log: () => {},
        now: () => clock.now(),
      });
      adapters.push(adapter);
      return adapter;
    },
    place: own,
    shared: "slack:CENG",
    nowhere: "slack:CNOWHERE",
    handle: own,
    say: (text) => void ana.say("dm", text),
    command: (name, text) => ana.command("dm", `/${name} ${text}`),
    read: (place) => ana.messages(channel(place)).map(({ text }) => text),
    readAsOther: (place) => (place === own ? [] : bob.messages(channel(place)).map(({ text }) => text)),
    async press(place, option) {
      const card = ana.messages(channel(place)).findLast(({ buttons }) => buttons.length > 0)!;
      return await ana.click(channel(place), card.ts, option);
    },
    loseNextAnswer: () => slack.faults.order({ on: "chat.postMessage", fault: { kind: "drop_after_success" } }),
    // Not acknowledged in 3 s: again at once, after one minute, after five.
    async redeliver() {
      await clock.advance(70_000);
      await slack.quiet();
    },
    async dispose() {
      await http.stop();
      await slack.close();
    },
  };
  if (mode === "http") {
    // The address is confirmed by an adapter that has not started yet.
    world.create();
    await slack.setRequestUrl(`${http.url}/slack/events`);
  }
  return world;
}

adapterSuite("Slack, Socket Mode", { open: () => openSlack("socket") });
adapterSuite("Slack, HTTP", { open: () => openSlack("http") });
