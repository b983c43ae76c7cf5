/** A language model as a peer on this machine that speaks one of the two protocols; its replies are written by the test. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";
import { type Protocol, type ToolCall, WIRE } from "./model_wire.ts";

export { type Protocol, USED } from "./model_wire.ts";

export type Request = {
  messages: { role: string; content: unknown; tool_calls?: unknown }[];
  /** As the OpenAI-compatible protocol has them; Anthropic's `{name}` is put into that shape. */
  tools?: { function: { name: string } }[];
  /** Anthropic keeps it beside the messages. */
  system?: unknown;
};
export type Reply = (response: ServerResponse, protocol?: Protocol) => void;

/** Answers the requests one after the other; the last reply again and again. */
export async function model(...replies: Reply[]): Promise<Request[]> {
  return await modelSpeaking("openai", ...replies);
}

export async function modelSpeaking(protocol: Protocol, ...replies: Reply[]): Promise<Request[]> {
  const requests: Request[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      requests.push(inOneShape(JSON.parse(Buffer.concat(chunks).toString())));
      (replies[requests.length - 1] ?? replies.at(-1))?.(response, protocol);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    vi.unstubAllEnvs();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const environment: Record<string, string> =
    protocol === "openai"
      ? { LLM_PROXY_BASE_URL: url, FACTORY_MODEL: "some/model" }
      : { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: "k", FACTORY_MODEL: "claude-some" };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  return requests;
}

function inOneShape(
  body: Omit<Request, "tools"> & { tools?: { name?: string; function: { name: string } }[] },
): Request {
  const tools = body.tools?.map((tool) =>
    tool.name === undefined ? tool : { ...tool, function: { name: tool.name } },
  );
  return { ...body, ...(tools === undefined ? {} : { tools }) };
}

export const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });

const sends = (response: ServerResponse, pieces: string[]) => {
  stream(response);
  for (const piece of pieces) response.write(piece);
};

export const says =
  (...words: string[]): Reply =>
  (response, protocol = "openai") => {
    const wire = WIRE[protocol];
    sends(response, [wire.begin(), ...wire.words(words), wire.end("said")]);
    response.end();
  };

export const calls =
  (...wanted: ToolCall[]): Reply =>
  (response, protocol = "openai") => {
    const wire = WIRE[protocol];
    sends(response, [wire.begin(), ...wire.calls(wanted), wire.end("called")]);
    response.end();
  };

export const refuses =
  (status: number): Reply =>
  (response, protocol = "openai") => {
    // `retry-after-ms` keeps the SDK's own retries short.
    response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1" });
    const error = { message: "no", type: "x", code: null };
    response.end(JSON.stringify(protocol === "openai" ? { error } : { type: "error", error }));
  };

export const cutOff: Reply = (response, protocol = "openai") => {
  const { begin, words } = WIRE[protocol];
  stream(response);
  // Without the piece that ends the words.
  response.write(begin() + words(["I am about to"]).slice(0, 2).join(""), () => response.destroy());
};

/** Cut while the arguments of a call are under way. */
export const cutInCall =
  (wanted: ToolCall): Reply =>
  (response, protocol = "openai") => {
    const wire = WIRE[protocol];
    stream(response);
    response.write(wire.begin() + wire.calls([wanted]).slice(0, -1).join(""), () => response.destroy());
  };

/** Cut after the last piece of a call, before the stream's end. */
export const cutAfterCall =
  (wanted: ToolCall): Reply =>
  (response, protocol = "openai") => {
    const wire = WIRE[protocol];
    stream(response);
    response.write(wire.begin() + wire.calls([wanted]).join(""), () => response.destroy());
  };

export const cutAtOnce: Reply = (response) => {
  response.destroy();
};

export const garbage: Reply = (response) => {
  stream(response).end("data: {nonsense\n\n");
};

/** A page of a proxy in between, with the status of a success. */
export const webPage: Reply = (response) => {
  response.writeHead(200, { "content-type": "text/html" }).end("<html>sign in first</html>");
};

/** The whole reply at once, for a generation that does not stream. */
export const answers =
  (text: string): Reply =>
  (response, protocol = "openai") => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(WIRE[protocol].whole(text)));
  };
