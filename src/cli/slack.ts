/** `factory slack manifest`: what the app is made from at api.slack.com. */
import type { Command } from "commander";
import { slackManifest } from "../../channels/index.ts";
import type { Act } from "./act.ts";
import { text } from "./act.ts";

export function slackCommands(program: Command, act: Act): void {
  const slack = program.command("slack").description("set Slack up");
  slack
    .command("manifest")
    .description("print the app manifest: Socket Mode, or HTTP with --http or when only SLACK_SIGNING_SECRET is set")
    .option("--name <name>", "the app's name", "Factory")
    .option("--http [url]", "events over HTTP, at this address or PUBLIC_URL")
    .action(
      act(async (context, _args, options) => {
        const { values } = context.config();
        const wanted =
          options.http !== undefined ||
          (values.SLACK_APP_TOKEN === undefined && values.SLACK_SIGNING_SECRET !== undefined);
        const publicUrl = wanted ? (text(options.http) ?? values.PUBLIC_URL ?? "https://YOUR-PUBLIC-URL") : null;
        const manifest = slackManifest({
          name: text(options.name) ?? "Factory",
          publicUrl: publicUrl?.replace(/\/+$/, "") ?? null,
        });
        // JSON is YAML, too: the form at api.slack.com takes it in either field.
        context.out.result(manifest, () => JSON.stringify(manifest, null, 2));
      }),
    );
}
