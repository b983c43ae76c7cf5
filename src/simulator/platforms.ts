/** Every simulated platform as whoever starts them all sees it. A new one is one entry of `PLATFORMS`, loaded when it is started. */
import type { Pane } from "./page.ts";

export interface SimulatedPlatform {
  /** What an adapter needs to use it, as variables. */
  env: Record<string, string>;
  pane: Pane;
  /** The simulated people's accounts there: `{ana: "slack:TSIM/UANA"}`. */
  handles: Record<string, string>;
  close(): Promise<void>;
}

export interface PlatformOptions {
  /** Keeps its state in this file; see store.ts. */
  file: string;
  /** Where the app is reached from here, for platforms that call it. */
  appUrl: string;
}

export interface Platform {
  channel: string;
  /** Any of these set means that the real one is configured. */
  variables: string[];
  start(options: PlatformOptions): Promise<SimulatedPlatform>;
}

export const PLATFORMS: Platform[] = [
  {
    channel: "slack",
    variables: ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"],
    async start({ file }) {
      const { createSlackSimulator } = await import("./slack/index.ts");
      const slack = await createSlackSimulator({ file });
      const { team } = slack.state;
      return {
        env: { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.apiUrl },
        pane: { name: "slack", title: "Slack", control: slack.control },
        handles: { ana: `slack:${team.id}/UANA`, bob: `slack:${team.id}/UBOB` },
        close: () => slack.close(),
      };
    },
  },
  {
    channel: "discord",
    variables: ["DISCORD_TOKEN"],
    async start({ file }) {
      const { createDiscordSimulator } = await import("./discord/index.ts");
      const discord = await createDiscordSimulator({ file });
      return {
        env: { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl },
        pane: { name: "discord", title: "Discord", control: discord.control },
        handles: { ana: `discord:${discord.as("ana").id}`, bob: `discord:${discord.as("bob").id}` },
        close: () => discord.close(),
      };
    },
  },
  {
    channel: "sms",
    variables: ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"],
    async start({ file, appUrl }) {
      const { DEFAULT_SEED, startTwilioSimulator } = await import("./twilio/index.ts");
      const twilio = await startTwilioSimulator({ file });
      twilio.pointTo(appUrl);
      const [ana, bob] = DEFAULT_SEED.phones;
      return {
        env: {
          ...twilio.env,
          TWILIO_API_URL: twilio.apiUrl,
          // A person at the page waits for no carrier.
          TWILIO_SEGMENTS_PER_SECOND: "20",
          PUBLIC_URL: appUrl,
        },
        pane: { name: "phone", title: "Phone", control: twilio.control },
        handles: { ana: `sms:${ana!.number}`, bob: `sms:${bob!.number}` },
        close: () => twilio.close(),
      };
    },
  },
];
