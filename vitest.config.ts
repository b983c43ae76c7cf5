import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "convex/**/*.test.ts", "channels/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/conformance/vendor/**", "**/*.long.test.ts"],
    // Convex packages ship TypeScript with import.meta.glob, which only Vite resolves.
    server: { deps: { inline: [/convex-test/, /@convex-dev\//] } },
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
