/** A process to be killed: the fixture app on a given folder and port. Says "ready" on stdout. */
import { startHost } from "../../src/host/index.ts";
import { fixtureApp, NO_KEYS } from "./running_fixture.ts";

const [dataDir, port] = process.argv.slice(2);
await startHost({ appDir: fixtureApp, dataDir: dataDir!, port: Number(port), env: { FIXTURE_JWKS: NO_KEYS } });
process.stdout.write("ready\n");
