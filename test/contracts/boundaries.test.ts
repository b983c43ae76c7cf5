/**
 * Who may import whom (docs/architecture.md, Rooms). Reads import statements as text, type imports included:
 * a type from the wrong room is the first step of a dependency.
 */
import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

interface Room {
  /** Folder prefixes, longest match wins. */
  path: string;
  /** Rooms whose files may be imported (a room may always import itself). */
  rooms: string[];
  node: boolean;
  /** Packages, by exact name or scope prefix ending in "/"; "*" allows any but platform SDKs. */
  packages: string[];
  instead: string;
}

const PURE = ["zod", "yaml", "canonicalize", "croner"];
const PLATFORM_SDKS = ["@slack/", "discord.js", "twilio"];

const ROOMS: Room[] = [
  {
    path: "src/contract",
    rooms: [],
    node: false,
    packages: ["zod"],
    instead: "keep the contract pure: move I/O to the room that needs it",
  },
  {
    path: "src/flow",
    rooms: ["src/contract"],
    node: false,
    packages: PURE,
    instead: "decisions are pure: pass what you need as an argument, let convex/ read and write",
  },
  {
    path: "convex",
    rooms: ["src/contract", "src/flow"],
    node: false,
    packages: ["convex", "convex-helpers", "@convex-dev/", "ai", "@ai-sdk/", "unpdf", "@octokit/core", ...PURE],
    instead:
      "the backend must deploy to Convex unchanged: reach platforms through the outbox, put decisions into src/flow",
  },
  {
    path: "channels",
    rooms: ["src/contract"],
    node: true,
    packages: ["*", ...PLATFORM_SDKS],
    instead: "an adapter knows only the contract: let the bot wire it to the backend",
  },
  {
    path: "src/host",
    rooms: [],
    node: true,
    packages: ["convex", "esbuild", "ws", "jose", "croner", "prettier", "yazl"],
    instead: "the host imports nothing of the product: pass it in through startHost's options",
  },
  {
    path: "src/bot",
    rooms: ["src/contract", "src/flow", "src/host", "src/simulator", "channels", "convex/_generated"],
    node: true,
    packages: ["*"],
    instead: "reach the backend with ConvexClient over the wire",
  },
  {
    path: "src/cli",
    rooms: ["src/contract", "src/flow", "src/bot", "channels", "convex/_generated"],
    node: true,
    packages: ["*"],
    instead: "reach the backend with ConvexClient over the wire",
  },
  {
    path: "src/sdk",
    rooms: ["src/contract", "src/flow", "src/bot", "convex/_generated"],
    node: true,
    packages: ["*"],
    instead: "reach the backend with ConvexClient over the wire",
  },
  {
    path: "src/simulator",
    rooms: ["src/contract"],
    node: true,
    packages: ["*"],
    instead: "a simulator stands for a platform and knows nothing of us",
  },
];

const NODE_MODULES = new Set(builtinModules);
const IMPORT =
  /(?:^|[\s;])(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!);
}

function roomOf(file: string): Room | undefined {
  return ROOMS.filter((room) => file === room.path || file.startsWith(`${room.path}/`)).sort(
    (a, b) => b.path.length - a.path.length,
  )[0];
}

/** Why the import is not allowed, null when it is. */
function complaint(file: string, specifier: string): string | null {
  const room = roomOf(file);
  if (room === undefined) return null;
  if (specifier.startsWith(".")) {
    const target = normalize(join(dirname(file), specifier));
    const inside = (prefix: string) => target === prefix || target.startsWith(`${prefix}/`);
    if (room.path === "channels") {
      const own = file.split("/").slice(0, 2).join("/");
      // The registry, channels/index.ts, is the one file that knows every channel.
      if (inside(own) || file === "channels/index.ts")
        return inside("channels") || room.rooms.some(inside) ? null : `${file} imports ${target}`;
      return room.rooms.some(inside) ? null : `${file} imports ${target} (a channel never imports another channel)`;
    }
    if (inside(room.path) || room.rooms.some(inside)) return null;
    return `${file} imports ${target}`;
  }
  const name = specifier.replace(/^node:/, "");
  if (specifier.startsWith("node:") || NODE_MODULES.has(name.split("/")[0]!)) {
    return room.node ? null : `${file} imports ${specifier}, a module of Node`;
  }
  const allowed = (pattern: string) =>
    pattern.endsWith("/")
      ? specifier.startsWith(pattern)
      : specifier === pattern || specifier.startsWith(`${pattern}/`);
  if (room.packages.some(allowed)) return null;
  if (room.packages.includes("*") && !PLATFORM_SDKS.some(allowed)) return null;
  return `${file} imports the package ${specifier}`;
}

const files = globSync(["src/**/*.ts", "convex/**/*.ts", "channels/**/*.ts"]).filter(
  (file) => !/\.test(-support)?\.ts$/.test(file) && !file.includes("_generated/") && !file.includes("/testing/"),
);

describe("rooms", () => {
  test("no file imports from a room it must not know", () => {
    const found = files.flatMap((file) =>
      importsOf(readFileSync(file, "utf8")).flatMap((specifier) => {
        const why = complaint(file, specifier);
        return why === null ? [] : [`${why}; instead: ${roomOf(file)!.instead}`];
      }),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  test.each([
    ["src/flow/x.ts", "node:fs"],
    ["src/flow/x.ts", "../host/index.ts"],
    ["convex/x.ts", "../channels/slack/index.ts"],
    ["convex/x.ts", "@slack/bolt"],
    ["src/host/x.ts", "../contract/errors.ts"],
    ["src/host/x.ts", "@convex-dev/workflow"],
    ["channels/slack/x.ts", "../discord/send.ts"],
    ["src/bot/x.ts", "../../convex/runs.ts"],
    ["src/bot/x.ts", "@slack/web-api"],
  ])("%s may not import %s", (file, specifier) => {
    expect(complaint(file, specifier)).not.toBeNull();
  });

  test("the import reader sees static, side-effect, re-export, type and dynamic imports", () => {
    const text = `import a from "a";\nimport "b";\nexport * from "c";\nimport type { D } from "d";\nconst e = await import("e");\nexport type { F } from 'f';\nimport {\n  g,\n  h,\n} from "g";`;
    expect(importsOf(text)).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });
});
