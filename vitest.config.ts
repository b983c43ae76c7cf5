import { globSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const ALL = ["src/**/*.test.ts", "convex/**/*.test.ts", "channels/**/*.test.ts", "test/**/*.test.ts"];
const NONE_OF = ["**/node_modules/**", "test/conformance/vendor/**", "**/*.long.test.ts"];

const APART = [
  // They start processes, or are about one themselves: there is little to share.
  "test/{conformance,crash,e2e,host,replay}/**/*.test.ts",
  // convex-test beside the host's own facade: each puts itself in the place of Convex's globals.
  "src/host/testing/**/*.test.ts",
  // Their fixtures close what they opened in a hook, which a process registers once (fixtures.test-support.ts).
  "src/host/store/**/*.test.ts",
  // They give the crew more tools, for as long as the process lives (probes.test-support.ts).
  "convex/agents/{gate,outside_calls}.test.ts",
];

/** A process can be kept only for files of one environment. */
const onEdge = (file: string) => readFileSync(file, "utf8").startsWith("// @vitest-environment edge-runtime");
const BACKEND = globSync("convex/**/*.test.ts").filter(onEdge);

export default defineConfig({
  test: {
    // Convex packages ship TypeScript with import.meta.glob, which only Vite resolves.
    server: { deps: { inline: [/convex-test/, /@convex-dev\//] } },
    // Tests of the real bot wait for processes more than they compute: one worker, the default on two cores, leaves both idle.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Before each test: what one left behind would reach other files of the same process.
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      // A process for each file.
      { extends: true, test: { name: "apart", include: APART, exclude: NONE_OF } },
      // Files share a process, one after the other: modules are loaded and compiled once, which is half of the work.
      {
        extends: true,
        test: { name: "backend", include: BACKEND, exclude: [...NONE_OF, ...APART], isolate: false },
      },
      {
        extends: true,
        test: { name: "together", include: ALL, exclude: [...NONE_OF, ...APART, ...BACKEND], isolate: false },
      },
    ],
  },
});
