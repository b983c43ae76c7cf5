/** O7: each thing taken away is named with its effect and what to do. */
import { afterEach, expect, test } from "vitest";
import { createDiscordSimulator, type DiscordSimulator } from "../../src/simulator/discord/index.ts";
import { checkDiscord } from "./check.ts";
import { applicationOf, inviteUrl, LEAST_PERMISSIONS, PERMISSIONS } from "./permissions.ts";

let simulator: DiscordSimulator | null = null;
afterEach(async () => {
  await simulator?.close();
  simulator = null;
});
async function examine(change: (discord: DiscordSimulator) => void = () => {}, token?: string) {
  simulator = await createDiscordSimulator({ rateLimits: false });
  change(simulator);
  return await checkDiscord({ DISCORD_TOKEN: token ?? simulator.token, DISCORD_API_URL: simulator.apiUrl });
}
const bad = (checks: Awaited<ReturnType<typeof checkDiscord>>) => checks.filter(({ ok }) => !ok);

test("not configured -> nothing is asked; a token of the wrong form -> refused before anything is asked", async () => {
  expect(await checkDiscord({})).toEqual([]);
  const [refused] = await checkDiscord({ DISCORD_TOKEN: "Bot a.b.c" });
  expect(refused).toMatchObject({ ok: false, name: "discord settings", remedy: expect.stringContaining("Bot page") });
});

test("all is well -> every check is", async () => {
  const checks = await examine();
  expect(bad(checks)).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual(
    ["token", "message content", "servers", "commands", "gateway"].map((name) => `discord ${name}`),
  );
});

test("a token that Discord does not know -> its variable and what to do", async () => {
  expect(bad(await examine(undefined, "a.b.c"))).toMatchObject([
    {
      name: "discord token",
      detail: expect.stringContaining("DISCORD_TOKEN"),
      remedy: expect.stringContaining("reset"),
    },
  ]);
});

test("a permission taken away -> its name, its effect, the way to get it back", async () => {
  const checks = await examine(({ world }) => {
    const guild = world.guilds.values()[0]!;
    world.guilds.put(guild.id, { ...guild, botPermissions: String(LEAST_PERMISSIONS & ~(1n << 14n)) });
  });
  expect(bad(checks)).toMatchObject([
    {
      name: "discord permission",
      detail: "Embed Links is missing in Simulated: questions and progress cannot be drawn",
      remedy: expect.stringContaining("https://discord.com/oauth2/authorize?"),
    },
  ]);
});

test("in no server -> the invitation; the intent off -> what it means", async () => {
  const checks = await examine(({ world }) => {
    for (const { id } of world.guilds.values()) world.guilds.delete(id);
    world.settings.messageContent = false;
  });
  expect(bad(checks)).toMatchObject([{ name: "discord servers", remedy: expect.stringContaining("client_id=") }]);
  expect(checks.find(({ name }) => name === "discord message content")).toMatchObject({
    detail: expect.stringContaining("only messages that mention the bot"),
    remedy: expect.stringContaining("Message Content Intent"),
  });
});

test("the invitation asks for the least permissions and the commands, and nothing that manages", () => {
  const url = new URL(inviteUrl("123456789012345678"));
  expect(url.searchParams.get("scope")).toBe("bot applications.commands");
  expect(BigInt(url.searchParams.get("permissions")!)).toBe(LEAST_PERMISSIONS);
  expect(PERMISSIONS.map(({ name }) => name).join(" ")).not.toMatch(/Manage|Administrator|Mention|Kick|Ban/);
  expect(applicationOf("MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y")).toBe("123456789012345678");
  expect(applicationOf("nonsense")).toBeNull();
});
