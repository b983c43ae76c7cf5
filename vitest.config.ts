import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "convex/**/*.test.ts", "channels/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/conformance/vendor/**", "**/*.long.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
