/** A language model as a peer on this machine that speaks the OpenAI-compatible protocol; its replies are written by the test. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, vi } from "vitest";

export type Request = {
  messages: { role: string; content: unknown; tool_calls?: unknown }[];
  tools?: { function: { name: string } }[];
};
export type Reply = (response: ServerResponse) => void;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.unstubAllEnvs();
});

/** Answers the requests one after the other; the last reply again and again. */
export async function model(...replies: Reply[]) {
  const requests: Request[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      requests.push(JSON.parse(Buffer.concat(chunks).toString()) as Request);
      (replies[requests.length - 1] ?? replies.at(-1))?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  vi.stubEnv("LLM_PROXY_BASE_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("FACTORY_MODEL", "some/model");
  return requests;
}

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
/** What each reply says that it used. */
export const USED = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const usage = `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage: USED })}\n\n`;
export const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });
export const says =
  (...words: string[]): Reply =>
  (response) => {
    stream(response);
    for (const word of words) response.write(chunk({ role: "assistant", content: word }));
    response.end(`${chunk({}, "stop")}${usage}data: [DONE]\n\n`);
  };
export const calls =
  (...wanted: { id: string; name: string; input: object }[]): Reply =>
  (response) => {
    stream(response);
    const tool_calls = wanted.map(({ id, name, input }, index) => ({
      ...{ index, id, type: "function" },
      function: { name, arguments: JSON.stringify(input) },
    }));
    response.write(chunk({ role: "assistant", tool_calls }));
    response.end(`${chunk({}, "tool_calls")}${usage}data: [DONE]\n\n`);
  };
export const refuses =
  (status: number): Reply =>
  (response) => {
    // `retry-after-ms` keeps the SDK's own retries short.
    response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1" });
    response.end(JSON.stringify({ error: { message: "no", type: "x", code: null } }));
  };

export const cutOff: Reply = (response) => {
  stream(response);
  response.write(chunk({ role: "assistant", content: "I am about to" }), () => response.destroy());
};

/** The whole reply at once, for a generation that does not stream. */
export const answers =
  (text: string): Reply =>
  (response) => {
    const message = { role: "assistant", content: text };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        ...{ id: "x", object: "chat.completion", created: 1, model: "m", usage: USED },
        choices: [{ index: 0, message, finish_reason: "stop" }],
      }),
    );
  };
