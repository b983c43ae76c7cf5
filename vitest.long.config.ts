import { defineConfig } from "vitest/config";

/** `npm run test:long`: soak, the whole crash matrix, long fuzzing. One file at a time, so that figures are not of a crowded machine. */
export default defineConfig({
  test: {
    include: [
      "src/**/*.long.test.ts",
      "convex/**/*.long.test.ts",
      "channels/**/*.long.test.ts",
      "test/**/*.long.test.ts",
    ],
    exclude: ["**/node_modules/**", "test/conformance/vendor/**"],
    // Other cases each time; a failure prints the seed.
    env: { FACTORY_PROPERTY_SEED: "random" },
    fileParallelism: false,
    // Convex packages ship TypeScript with import.meta.glob, which only Vite resolves.
    server: { deps: { inline: [/convex-test/, /@convex-dev\//] } },
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
  },
});
