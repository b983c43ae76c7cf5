/** An embedding model as a peer on this machine that speaks the OpenAI-compatible protocol. Words of one meaning get one direction. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";

/** Embeds texts and passes every other request on to the language model that is set already. `fails`: every request gets that status. */
export async function embeddings(meanings: string[][], options: { dimensions?: number; fails?: number } = {}) {
  const asked: string[] = [];
  const behind = process.env.LLM_PROXY_BASE_URL;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      const body = Buffer.concat(chunks).toString();
      if (!(incoming.url ?? "").endsWith("/embeddings")) {
        const passed = await fetch(`${behind}${incoming.url}`, { method: "POST", body });
        response.writeHead(passed.status, { "content-type": passed.headers.get("content-type") ?? "" });
        response.end(Buffer.from(await passed.arrayBuffer()));
        return;
      }
      const texts = [(JSON.parse(body) as { input: string | string[] }).input].flat();
      asked.push(...texts);
      if (options.fails !== undefined) {
        response.writeHead(options.fails, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: { message: "no embeddings today" } }));
        return;
      }
      const data = texts.map((text, index) => ({ object: "embedding", index, embedding: vector(text) }));
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ object: "list", data, model: "e", usage: { prompt_tokens: 7, total_tokens: 7 } }));
    });
  });
  const vector = (text: string) =>
    Array.from({ length: options.dimensions ?? 8 }, (_, at) =>
      meanings[at]?.some((word) => text.toLowerCase().includes(word)) ? 1 : at === meanings.length ? 0.01 : 0,
    );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    vi.unstubAllEnvs();
  });
  vi.stubEnv("LLM_PROXY_BASE_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("FACTORY_EMBEDDING_MODEL", "some/embedding");
  return asked;
}
