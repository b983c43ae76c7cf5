import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { attach } from "./attach.ts";
import { readConfig } from "./config.ts";
import { ensureGatewayKey, gatewayKeyFile } from "./gateway_key.ts";

let dataDir: string;
let server: Server;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "attach-"));
  await ensureGatewayKey(null, dataDir);
  server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function configured() {
  const { port } = server.address() as AddressInfo;
  return readConfig({ FACTORY_DATA_DIR: dataDir, CONVEX_URL: `http://127.0.0.1:${port}` });
}

test("a connection that is cut before anything was asked is made again", async () => {
  server.on("request", (request) => {
    // What the second try meets instead of an answer.
    rmSync(gatewayKeyFile(dataDir));
    request.socket.destroy();
  });
  await expect(attach(configured())).rejects.toMatchObject({ info: { code: "unauthenticated" } });
});

test("where nobody listens it says so at once, by the address that was set", async () => {
  const config = configured();
  server.close();
  await once(server, "close");
  await expect(attach(config)).rejects.toMatchObject({
    info: {
      code: "backend_unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
      field: "CONVEX_URL",
      remedy: expect.not.stringContaining("npm start"),
    },
  });
});
