/** Whether Discord will work as it is configured: each finding with its effect and what to do (O7). Changes nothing. Plain requests: the command need not load discord.js. */

import { bodiesAt, bodyAt, textAt } from "../../src/contract/untrusted.ts";
import { commandBodies, commandsDigest } from "./commands.ts";
import { discordSettings } from "./factory.ts";
import { inviteUrl, missing } from "./permissions.ts";

export interface DiscordCheck {
  name: string;
  ok: boolean;
  detail: string;
  remedy: string | null;
}

type Env = Record<string, string | undefined>;
const REACH_TIMEOUT_MS = 10_000;
const MESSAGE_CONTENT_FLAGS = (1 << 18) | (1 << 19);

/** Empty when Discord is not configured. */
export async function checkDiscord(env: Env): Promise<DiscordCheck[]> {
  const settings = discordSettings(env);
  if (settings.state === "off") return [];
  const checks: DiscordCheck[] = [];
  const add = (name: string, ok: boolean, detail: string, remedy: string | null = null) =>
    void checks.push({ name: `discord ${name}`, ok, detail, remedy });
  if (settings.state === "refused") {
    add("settings", false, settings.error.message, settings.error.remedy);
    return checks;
  }
  const ask = asker(settings.config.apiUrl, settings.config.token);
  const application = await ask("/applications/@me");
  if (!application.ok) {
    add("token", false, `${application.why}: nothing is heard and nothing said`, application.remedy);
    return checks;
  }
  const id = textAt(application.body, "id") ?? "";
  const invite = inviteUrl(id);
  add("token", true, `the application ${textAt(application.body, "name") ?? id} (${id})`);
  const flags = Number(bodyAt(application.body).flags ?? 0);
  if ((flags & MESSAGE_CONTENT_FLAGS) !== 0) add("message content", true, "the intent is on");
  else
    add(
      "message content",
      true,
      "the intent is off: in threads only messages that mention the bot are read",
      "to talk there without mentions, switch Message Content Intent on (Bot page), and restart the bot",
    );
  await checkServers(ask, invite, add);
  const commands = await ask(`/applications/${id}/commands`);
  const there = commands.ok ? bodiesAt({ list: commands.body }, "list") : [];
  if (!commands.ok) add("commands", false, `the slash commands cannot be read: ${commands.why}`, commands.remedy);
  else if (commandsDigest(there) === commandsDigest(commandBodies()))
    add("commands", true, `${there.length} are there`);
  else add("commands", true, "not those of this version yet; the bot registers them when it starts");
  const gateway = await ask("/gateway/bot");
  const left = Number(bodyAt(gateway.ok ? gateway.body : {}, "session_start_limit").remaining ?? 0);
  if (!gateway.ok) add("gateway", false, `the gateway cannot be reached: ${gateway.why}`, gateway.remedy);
  else if (left < 10)
    add("gateway", false, `only ${left} starts are left today`, "wait a day, and find out why the bot starts so often");
  else add("gateway", true, `${left} starts left, ${String(bodyAt(gateway.body).shards)} shards`);
  return checks;
}

async function checkServers(
  ask: ReturnType<typeof asker>,
  invite: string,
  add: (name: string, ok: boolean, detail: string, remedy?: string | null) => void,
): Promise<void> {
  const servers = await ask("/users/@me/guilds");
  if (!servers.ok) return add("servers", false, `they cannot be listed: ${servers.why}`, servers.remedy);
  const all = bodiesAt({ list: servers.body }, "list");
  if (all.length === 0)
    return add("servers", false, "the bot is in no server: nobody can reach it", `invite it: ${invite}`);
  add("servers", true, all.map((server) => textAt(server, "name") ?? String(server.id)).join(", "));
  for (const server of all) {
    for (const { name, effect } of missing(BigInt(textAt(server, "permissions") ?? "0"))) {
      const where = textAt(server, "name") ?? String(server.id);
      add("permission", false, `${name} is missing in ${where}: ${effect}`, `give it to the bot's role, or ${invite}`);
    }
  }
}

type Answer = { ok: true; body: unknown } | { ok: false; why: string; remedy: string };

const asker =
  (apiUrl: string, token: string) =>
  async (path: string): Promise<Answer> => {
    const url = `${apiUrl.replace(/\/+$/, "")}/v10${path}`;
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bot ${token}` },
        signal: AbortSignal.timeout(REACH_TIMEOUT_MS),
      });
      if (response.ok) return { ok: true, body: await response.json() };
      const remedy =
        response.status === 401
          ? "reset the token on the application's Bot page and set DISCORD_TOKEN to the new one"
          : "look at discordstatus.com, and try again";
      const why =
        response.status === 401 ? "Discord does not accept DISCORD_TOKEN" : `Discord answered ${response.status}`;
      return { ok: false, why, remedy };
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      return {
        ok: false,
        why: `${apiUrl} cannot be reached (${why})`,
        remedy: "check the network, and DISCORD_API_URL",
      };
    }
  };
