import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "convex/**/*.test.ts", "channels/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/conformance/vendor/**", "**/*.long.test.ts"],
    // Convex packages ship TypeScript with import.meta.glob, which only Vite resolves.
    server: { deps: { inline: [/convex-test/, /@convex-dev\//] } },
    // Tests of the real bot wait for processes more than they compute: one worker, the default on two cores, leaves both idle.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
