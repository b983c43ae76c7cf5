/** The application, its commands, the gateway's address, guilds. */
import { type Call, json, NOTHING, type RestContext, type RestRoute } from "./rest_route.ts";
import { DiscordError, unknown, type Wire } from "./types.ts";
import { wireGuild, wireUser } from "./wire.ts";

const commandsOf = ({ world }: RestContext, guildId: string | null) =>
  world.commands.values().filter((command) => command.guildId === guildId);

const wireCommand = (context: RestContext, id: string): Wire => {
  const command = context.world.commands.get(id);
  if (command === undefined) throw unknown.command();
  const { id: appId } = context.world.app;
  // Discord writes down what was left out.
  return {
    name_localizations: null,
    description_localizations: null,
    default_member_permissions: null,
    nsfw: false,
    dm_permission: true,
    contexts: null,
    integration_types: [0],
    type: 1,
    ...command.body,
    options: ((command.body.options as Wire[] | undefined) ?? []).map(wireOption),
    id: command.id,
    application_id: appId,
    version: command.version,
    ...(command.guildId === null ? {} : { guild_id: command.guildId }),
  };
};

/** It drops what is false anyway. */
function wireOption(option: Wire): Wire {
  const { required, autocomplete, options, ...rest } = option;
  return {
    ...rest,
    ...(required === true ? { required } : {}),
    ...(autocomplete === true ? { autocomplete } : {}),
    ...(Array.isArray(options) ? { options: (options as Wire[]).map(wireOption) } : {}),
  };
}

function put(context: RestContext, guildId: string | null, { upload }: Call) {
  const { world } = context;
  const bodies = upload.body as unknown as Wire[];
  if (!Array.isArray(bodies) || bodies.length > 100) throw new DiscordError(400, 50035, "Invalid Form Body");
  for (const { id } of commandsOf(context, guildId)) world.commands.delete(id);
  const made = bodies.map((body) => {
    const id = world.ids.next();
    world.commands.put(id, { id, guildId, version: world.ids.next(), body });
    return wireCommand(context, id);
  });
  world.tell({ kind: "seen" });
  return json(made);
}

const APP = "/applications/{application_id}";

export const applicationRoutes: RestRoute[] = [
  { route: "GET /gateway", name: "gateway", auth: false, run: ({ gatewayUrl }) => json({ url: gatewayUrl() }) },
  {
    route: "GET /gateway/bot",
    name: "gateway.bot",
    run: ({ gatewayUrl, shards }) =>
      json({
        url: gatewayUrl(),
        shards: shards(),
        session_start_limit: { total: 1000, remaining: 999, reset_after: 14_400_000, max_concurrency: shards() },
      }),
  },
  { route: "GET /users/@me", name: "users.me", run: ({ world }) => json(wireUser(world.user(world.app.id))) },
  {
    route: "GET /users/@me/guilds",
    name: "users.guilds",
    run: ({ world }) =>
      json(
        world.guilds
          .values()
          .map((guild) => ({ id: guild.id, name: guild.name, owner: false, permissions: guild.botPermissions })),
      ),
  },
  {
    route: "GET /applications/@me",
    name: "application.me",
    run: ({ world }) =>
      json({
        id: world.app.id,
        name: world.app.name,
        description: "",
        icon: null,
        bot_public: false,
        bot_require_code_grant: false,
        // The flag of an application in fewer than 100 guilds.
        flags: world.settings.messageContent ? 1 << 19 : 0,
        bot: wireUser(world.user(world.app.id)),
      }),
  },
  {
    route: `GET ${APP}/commands`,
    name: "commands.list",
    run: (context) => json(commandsOf(context, null).map(({ id }) => wireCommand(context, id))),
  },
  { route: `PUT ${APP}/commands`, name: "commands.put", run: (context, call) => put(context, null, call) },
  {
    route: `GET ${APP}/guilds/{guild_id}/commands`,
    name: "guildCommands.list",
    run: (context, { at }) => json(commandsOf(context, at.guild_id ?? "").map(({ id }) => wireCommand(context, id))),
  },
  {
    route: `PUT ${APP}/guilds/{guild_id}/commands`,
    name: "guildCommands.put",
    run: (context, call) => put(context, call.at.guild_id ?? "", call),
  },
  {
    route: "GET /guilds/{guild_id}",
    name: "guilds.get",
    run({ world }, { at }) {
      const guild = world.guilds.get(at.guild_id ?? "");
      if (guild === undefined) throw unknown.guild();
      return json(wireGuild(world, guild));
    },
  },
  { route: "DELETE /users/@me/guilds/{guild_id}", name: "guilds.leave", run: () => NOTHING },
];
