/** The command line as this process was given it. */
import { run } from "./program.ts";

// A reader that went away (`| head`) is no failure of the command.
process.stdout.on("error", () => process.exit(0));
process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
