/**
 * Runs the test suites that the Convex components ship, on our engine; with CONFORMANCE_TARGET=convex-test on the package they were
 * written for. Started by `conformance.test.ts`, which knows what may fail; by hand:
 * `vitest run --config test/conformance/vitest.config.ts [--project …] [file]`.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { stage } from "./stage.ts";

stage();

const facade = fileURLToPath(new URL("../../src/host/testing/convex_test.ts", import.meta.url));
const onEngine = process.env.CONFORMANCE_TARGET !== "convex-test";

/** Files that replace modules: others in the same process would get what they put there. */
const REPLACING = ["vendor/agent/src/vercel/client/saveInputMessages.test.ts"];

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  resolve: { alias: onEngine ? [{ find: /^convex-test$/, replacement: facade }] : [] },
  test: {
    environment: "edge-runtime",
    server: { deps: { inline: ["convex-test", /@convex-dev/] } },
    testTimeout: 30_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["vendor/*/src/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...REPLACING],
          isolate: false,
        },
      },
      { extends: true, test: { name: "alone", include: REPLACING } },
    ],
  },
});
