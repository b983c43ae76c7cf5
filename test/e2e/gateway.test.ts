/** A gateway beside the backend's process (CONVEX_URL): it outlives a crash of the backend and loses nothing that was said. */
import { copyFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGatewayKey } from "../../src/bot/gateway_key.ts";
import { createClient } from "../../src/sdk/index.ts";
import { Place, WITNESSED } from "./harness.ts";

let backend: Place;
let gateway: Place;
beforeEach(() => {
  backend = new Place();
  gateway = new Place();
});
afterEach(async () => {
  await gateway.dispose();
  await backend.dispose();
});

const SLOW = 120_000;

/** A port such that it and the next one are free. */
async function freePort(): Promise<string> {
  for (;;) {
    const servers = [createServer(), createServer()];
    try {
      await new Promise<void>((done) => servers[0]!.listen(0, "127.0.0.1", done));
      const { port } = servers[0]!.address() as { port: number };
      await new Promise<void>((done, failed) => servers[1]!.once("error", failed).listen(port + 1, "127.0.0.1", done));
      return String(port);
    } catch {
      // The neighbour is taken; the next free port has another one.
    } finally {
      for (const server of servers) server.close();
    }
  }
}

test(
  "the backend killed between two lines -> both are answered, in order, and the gateway never ended",
  async () => {
    const port = await freePort();
    const first = await backend.start({ BACKEND_PORT: port });
    copyFileSync(join(backend.dataDir, "gateway_key.json"), join(gateway.dataDir, "gateway_key.json"));
    const talk = gateway.talk({ CONVEX_URL: first.ready.backend });
    talk.say("hello");
    await talk.heard("offline model");
    await first.end("SIGKILL");
    talk.say("which workflows are there?");
    await backend.start({ BACKEND_PORT: port });
    await talk.heard("morning-brief");
    const ended = await talk.leave();
    expect(ended.code).toBe(0);
  },
  SLOW,
);

test(
  "the SDK starts a workflow and waits for its result",
  async () => {
    const bot = await backend.start();
    const key = (await readGatewayKey(null, backend.dataDir))!;
    const client = createClient({
      url: bot.ready.backend,
      token: key.token,
      actor: { kind: "operator", osUser: "sdk", as: null, channel: "sdk" },
    });
    try {
      const run = await client.startWorkflow({ definition: WITNESSED, input: { id: "s" }, title: "from code" });
      expect(await run.status()).toBe("waiting");
      const result = run.result();
      const { waitingFor } = await backend.ok("workflow", "status", run.runId);
      await backend.json("approvals", "answer", waitingFor[0].code, "yes");
      expect(await result).toEqual({ status: "completed", result: "s went on", error: null });
    } finally {
      await client.close();
    }
  },
  SLOW,
);
