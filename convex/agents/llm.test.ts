import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { generateText } from "ai";
import { afterEach, describe, expect, test } from "vitest";
import { createLanguageModel, defaultModelId } from "./llm.ts";
import { explainModelError } from "./model_errors.ts";

interface Seen {
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: { model?: string };
}
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A peer that speaks either protocol, or only refuses with a status. */
async function serve(status = 200) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { model?: string };
      seen.push({ url: request.url, headers: request.headers, body });
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(request.url?.endsWith("/messages") ? ANTHROPIC : OPENAI));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const OPENAI = {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "pong" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const ANTHROPIC = {
  id: "x",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "pong" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};

const say = async (id: string, env: Record<string, string>) =>
  (await generateText({ model: createLanguageModel(id, env), prompt: "ping", maxRetries: 0 })).text;

describe("createLanguageModel", () => {
  test("LLM_PROXY_BASE_URL -> every model through the proxy, by its full id", async () => {
    const { url, seen } = await serve();
    const env = { LLM_PROXY_BASE_URL: `${url}/v1`, LLM_PROXY_API_KEY: "k", ANTHROPIC_API_KEY: "other" };
    expect(await say("anthropic/claude-x", env)).toBe("pong");
    expect(seen[0]).toMatchObject({ url: "/v1/chat/completions", body: { model: "anthropic/claude-x" } });
    expect(seen[0]?.headers.authorization).toBe("Bearer k");
  });

  test.each(["anthropic/claude-x", "claude-x"])("%s -> Anthropic directly", async (id) => {
    const { url, seen } = await serve();
    expect(await say(id, { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: `${url}/v1` })).toBe("pong");
    expect(seen[0]).toMatchObject({ url: "/v1/messages", body: { model: "claude-x" } });
    expect(seen[0]?.headers["x-api-key"]).toBe("k");
  });

  test("gloo/… -> Gloo's endpoint", async () => {
    const { url, seen } = await serve();
    expect(await say("gloo/some-model", { GLOO_API_KEY: "k", GLOO_BASE_URL: `${url}/ai/v2` })).toBe("pong");
    expect(seen[0]).toMatchObject({ url: "/ai/v2/chat/completions", body: { model: "some-model" } });
  });

  test.each([
    ["anthropic/claude-x", "ANTHROPIC_API_KEY"],
    ["gloo/some-model", "GLOO_API_KEY"],
    ["mistral-large", "LLM_PROXY_BASE_URL"],
  ])("%s without a key -> an error that names %s, when it is used", async (id, variable) => {
    const failure = await say(id, {}).catch((thrown: unknown) => explainModelError(thrown));
    expect(failure).toMatchObject({ code: "model_unavailable", message: expect.stringContaining(variable) });
  });

  test("the default follows the keys that are set; none: the offline model", () => {
    expect(defaultModelId({})).toBe("offline");
    expect(defaultModelId({ ANTHROPIC_API_KEY: " " })).toBe("offline");
    expect(defaultModelId({ ANTHROPIC_API_KEY: "k" })).toMatch(/^anthropic\//);
    expect(defaultModelId({ GLOO_API_KEY: "k" })).toMatch(/^gloo\//);
    expect(defaultModelId({ FACTORY_MODEL: "claude-y", ANTHROPIC_API_KEY: "k" })).toBe("claude-y");
    expect(createLanguageModel("offline", {}).modelId).toBe("offline");
  });

  test.each([
    [401, { code: "model_unavailable", retryable: false, remedy: expect.stringContaining("key") }],
    [404, { code: "model_unavailable", retryable: false, remedy: expect.stringContaining("FACTORY_MODEL") }],
    [429, { code: "rate_limited", retryable: true }],
    [500, { code: "model_unavailable", retryable: true }],
  ])("a peer that answers %i is explained", async (status, info) => {
    const { url } = await serve(status);
    const env = { LLM_PROXY_BASE_URL: url };
    expect(await say("m", env).catch((thrown: unknown) => explainModelError(thrown))).toMatchObject(info);
  });

  test("a peer that is not there is explained", async () => {
    const { url } = await serve();
    for (const close of closing.splice(0)) close();
    const failure = await say("m", { LLM_PROXY_BASE_URL: url }).catch((thrown: unknown) => explainModelError(thrown));
    expect(failure).toMatchObject({ code: "model_unavailable", retryable: true });
  });
});
