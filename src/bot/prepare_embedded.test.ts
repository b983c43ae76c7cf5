import { expect, test } from "vitest";
import { prepareEmbedded } from "./prepare_embedded.ts";

test.each([
  ["the backend is elsewhere", [], { CONVEX_URL: "https://happy-otter-123.convex.cloud" }],
  ["only the usage is asked for", ["--help"], {}],
  ["an argument that nobody knows", ["--headles"], {}],
])("%s -> no thread is begun", async (_what, args, env) => {
  expect(await prepareEmbedded(args, env)).toBeNull();
});
