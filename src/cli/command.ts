/** The command line as this process was given it. */
import { run } from "./program.ts";

// A reader that went away (`| head`) is no failure of the command.
process.stdout.on("error", () => process.exit(0));
const exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
// Once all is said it is over: an open stdin, or calls to a backend that is gone, must not hold it.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
