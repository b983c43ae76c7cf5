/** `factory doctor`: what is there, what is missing, what it means and what to do. Backend part. */

import { existsSync, statSync } from "node:fs";
import type { Command } from "commander";
import { escapeText, padEnd } from "../../channels/index.ts";
import { folderOf } from "../bot/attach.ts";
import { functions } from "../bot/backend.ts";
import { brokenBuiltins, builtinFiles } from "../bot/builtins.ts";
import { connect, probe } from "../bot/connect.ts";
import { isAlive, readEndpoint } from "../bot/data_dir.ts";
import { readGatewayKey } from "../bot/gateway_key.ts";
import { modelName } from "../bot/model_name.ts";
import { toErrorInfo } from "../contract/errors.ts";
import type { Act } from "./act.ts";
import type { Context } from "./context.ts";
import { examineChannels } from "./doctor_channels.ts";
import { examineDisk } from "./doctor_disk.ts";
import { examineGitHub } from "./doctor_github.ts";
import { examineMachine } from "./doctor_machine.ts";
import { unservedEmbedding } from "./doctor_memory.ts";
import { workLine } from "./doctor_work.ts";

export interface Check {
  name: string;
  ok: boolean;
  detail: string;
  /** null when there is nothing to do. */
  remedy: string | null;
}

const OLDEST_NODE = 24;
/** Tokens and expiries of a few minutes still work with this much difference. */
const LARGEST_SKEW_MS = 30_000;

export function doctorCommand(program: Command, act: Act): void {
  program
    .command("doctor")
    .description("check the installation and say what to do about what is wrong")
    .action(
      act(async (context) => {
        const { checks, backend } = await examine(context);
        const ok = checks.every((check) => check.ok);
        context.out.result({ ok, checks }, (paint) => {
          const width = Math.max(...checks.map((check) => check.name.length));
          return checks
            .flatMap((check) => [
              `${check.ok ? paint("green", "✓") : paint("red", "✗")} ${padEnd(check.name, width)}  ${escapeText(check.detail)}`,
              ...(check.remedy === null
                ? []
                : [`  ${" ".repeat(width)}  ${paint("yellow", `→ ${escapeText(check.remedy)}`)}`]),
            ])
            .join("\n");
        });
        context.exit(ok ? 0 : backend ? 1 : 5);
      }),
    );
}

async function examine(context: Context): Promise<{ checks: Check[]; backend: boolean }> {
  const checks: Check[] = [];
  const good = (name: string, detail: string) => void checks.push({ name, ok: true, detail, remedy: null });
  const bad = (name: string, detail: string, remedy: string | null) =>
    void checks.push({ name, ok: false, detail, remedy });
  /** Runs one check; what it throws is the finding. */
  const look = async <T>(name: string, check: () => Promise<{ detail: string; value: T }>): Promise<T | null> => {
    try {
      const { detail, value } = await check();
      good(name, detail);
      return value;
    } catch (thrown) {
      const info = toErrorInfo(thrown);
      bad(name, info.message, info.remedy);
      return null;
    }
  };

  const node = process.versions.node;
  if (Number(node.split(".")[0]) >= OLDEST_NODE) good("node", node);
  else bad("node", `${node} is too old`, "start with `npm run factory`, which brings its own Node");

  const config = await look("environment", async () => ({
    detail: "every variable reads well",
    value: context.config(),
  }));
  if (config === null) return { checks, backend: false };

  const { dataDir, convexUrl } = config;
  if (!existsSync(dataDir)) {
    if (convexUrl === null) bad("data folder", `${dataDir} is not there yet`, "npm start makes it");
    else good("data folder", `${dataDir} is not there, and not needed with CONVEX_URL`);
  } else if ((statSync(dataDir).mode & 0o077) !== 0) {
    bad("data folder", `${dataDir} can be read by others; it holds the gateway's key`, `chmod 700 ${dataDir}`);
  } else good("data folder", dataDir);
  const disk = existsSync(dataDir) && convexUrl === null ? examineDisk(dataDir) : null;
  if (disk !== null) checks.push(disk);

  checks.push(...(await examineMachine(config)));

  const endpoint = readEndpoint(dataDir);
  const running = endpoint !== null && isAlive(endpoint.pid) ? endpoint : null;
  if (running !== null) {
    good(
      "bot",
      `pid ${running.pid}, since ${new Date(running.startedAt).toISOString()}${running.http === null ? ", still starting" : `, ${running.http}`}`,
    );
  } else if (convexUrl !== null) good("bot", "none on this data folder; CONVEX_URL is used");
  else
    bad(
      "bot",
      endpoint === null ? "none runs" : `the last one (pid ${endpoint.pid}) ended without a farewell`,
      "npm start",
    );

  checks.push(...(await examineChannels(context.env)));
  checks.push(...(await examineGitHub(context.env)));

  const url = convexUrl ?? running?.url ?? null;
  if (url === null) return { checks, backend: false };
  const version = await look("backend", async () => {
    const value = await probe({ url, dataDir: folderOf(config) });
    return { detail: `${url}, version ${value}`, value };
  });
  if (version === null) return { checks, backend: false };
  await look("clock", async () => await compareClocks(url));

  const backend = await look("access", async () => {
    const key = await readGatewayKey(config.gatewayKey, dataDir);
    if (key === null) throw new Error("there is no gateway key");
    return {
      detail: "the backend accepts the gateway's key",
      value: await connect({ url, dataDir: folderOf(config), token: key.token, timeoutMs: 10_000 }),
    };
  });
  if (backend === null) return { checks, backend: true };
  try {
    await look("owner", async () => {
      const people = await backend.query(functions.people.list, { actor: context.actor() });
      const owner = people.find((person) => person.roles.includes("owner"));
      if (owner === undefined) throw new Error("there is none; npm start makes one");
      return { detail: `${owner.name} (${owner.handles.join(", ") || "no handles"})`, value: owner };
    });
    await look("workflows", async () => {
      const all = await backend.query(functions.workflows.list, {});
      const broken = await brokenBuiltins(backend);
      for (const line of broken) bad("workflows", line, "correct the file, then start the bot again");
      const builtins = builtinFiles().length;
      if (broken.length === 0 && all.length < builtins)
        throw new Error(`${all.length} of ${builtins} built-in definitions are there; see the bot's log`);
      return { detail: all.map((one) => `${one.name} ${one.version}`).join(", "), value: all };
    });
    await look("work", async () => {
      const health = await backend.query(functions.system.health, {});
      return { detail: workLine(health), value: health };
    });
    const stuck = await backend.query(functions.watch.troubles, {});
    if (stuck.length === 0) good("stuck", "nothing is");
    for (const { what, cause, remedy } of stuck) bad("stuck", `${what}: ${cause}`, remedy);
  } finally {
    await backend.close();
  }
  const model = running?.model ?? modelName(config);
  if (model === "offline") good("model", "offline: built-in answers only; ANTHROPIC_API_KEY brings a real model");
  else good("model", model);
  const unserved = unservedEmbedding(context.env);
  if (unserved !== null) bad("memory", unserved, "set LLM_PROXY_BASE_URL, or name a gloo/ model with GLOO_API_KEY");
  return { checks, backend: true };
}

async function compareClocks(url: string): Promise<{ detail: string; value: number }> {
  const response = await fetch(`${url}/version`);
  const date = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(date)) return { detail: "the backend does not tell its time", value: 0 };
  const skewMs = Math.abs(Date.now() - date);
  // The header has whole seconds.
  if (skewMs > LARGEST_SKEW_MS)
    throw new Error(`differs by ${Math.round(skewMs / 1000)} s from the backend's; set this machine's clock`);
  return { detail: "agrees with the backend's", value: skewMs };
}
