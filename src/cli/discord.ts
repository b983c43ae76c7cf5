/** `factory discord invite`: where an administrator adds the bot to a server. */
import type { Command } from "commander";
import { applicationOf, discordPermissions, inviteUrl } from "../../channels/index.ts";
import { FactoryError } from "../contract/errors.ts";
import { type Act, text } from "./act.ts";

export function discordCommands(program: Command, act: Act): void {
  const discord = program.command("discord").description("set Discord up");
  discord
    .command("invite")
    .description("print the address that adds the bot to a server, with the least permissions")
    .option("--application <id>", "the application's id; default: the one of DISCORD_TOKEN")
    .action(
      act(async (context, _args, options) => {
        const token = context.config().values.DISCORD_TOKEN;
        const id = text(options.application) ?? (token === undefined ? null : applicationOf(token));
        if (id === null) {
          throw new FactoryError("invalid_input", "which application is not known", {
            field: token === undefined ? "DISCORD_TOKEN" : "--application",
            remedy: "set DISCORD_TOKEN, or give --application with the id of the General Information page",
          });
        }
        const url = inviteUrl(id);
        const permissions = discordPermissions.map(({ name, effect }) => ({ name, without: effect }));
        context.out.result({ url, permissions }, (paint) =>
          [url, "", ...permissions.map(({ name, without }) => paint("dim", `  ${name} – without it ${without}`))].join(
            "\n",
          ),
        );
      }),
    );
}
