/**
 * The built-in model that answers when no key is set. It speaks the same interface as a real one and takes the same way through the
 * product: it sees the messages and the tools, answers with text or with tool calls, and words the results it gets back.
 * It decides by `offline_intents.ts` alone; it never reads tool results, facts or other messages for requests.
 */
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { understand } from "./offline_intents.ts";
import * as words from "./offline_words.ts";

/** Between two words: quick to read along, and the longest reply takes about a second. */
const WORD_DELAY_MS = 5;

export function createOfflineModel(): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "factory",
    modelId: "offline",
    supportedUrls: {},
    doGenerate: async (options) => {
      const content = answer(options);
      return { content, finishReason: finishReason(content), usage: usage(content), warnings: [] };
    },
    doStream: async (options) => {
      const content = answer(options);
      return { stream: streamOf(content, options.abortSignal) };
    },
  };
}

/** What to say or call next, from the messages of the conversation. Exported for tests. */
export function answer(options: Pick<LanguageModelV4CallOptions, "prompt" | "tools">): LanguageModelV4Content[] {
  const { prompt } = options;
  const offered = new Set((options.tools ?? []).map((tool) => tool.name));
  const last = prompt.at(-1);
  if (last?.role === "tool") return [text(wordResults(prompt))];
  if (offered.size === 0) return [text(words.stepOutput(stepName(prompt)))];
  const asked = openMessages(prompt);
  const understood = asked.map((message) => ({ message, meant: understand(message) }));
  const calls: LanguageModelV4Content[] = [];
  const said: string[] = [];
  for (const { message, meant } of understood) {
    if (meant.kind === "call" && offered.has(meant.tool)) {
      calls.push({
        type: "tool-call",
        toolCallId: `offline-${crypto.randomUUID()}`,
        toolName: meant.tool,
        input: JSON.stringify(meant.input),
      });
    } else if (meant.kind === "ask") said.push(meant.question);
    else if (meant.kind === "thanks") said.push(words.welcome());
    else if (meant.kind === "greeting" && understood.length > 1) said.push("Hello!");
    else if (understood.length > 1 && meant.kind !== "greeting")
      said.push(`I did not understand "${shorten(message)}".`);
  }
  if (calls.length > 0) return [...(said.length > 0 ? [text(unique(said).join("\n"))] : []), ...calls];
  if (understood.every(({ meant }) => meant.kind === "greeting")) return [text(words.greeting())];
  if (understood.some(({ meant }) => meant.kind === "ask" || meant.kind === "thanks"))
    return [text(unique(said).join("\n"))];
  return [text(words.notUnderstood())];
}

/** A workflow's task names its step in the instructions (`run_task.ts`). */
function stepName(prompt: LanguageModelV4Message[]): string {
  const instructions = prompt.map((message) => (message.role === "system" ? message.content : "")).join("\n");
  return /^Step: (.+)$/m.exec(instructions)?.[1] ?? "unnamed";
}

/** What was said since the last answer: several quick messages are answered together. */
function openMessages(prompt: LanguageModelV4Message[]): string[] {
  const open: string[] = [];
  for (const message of [...prompt].reverse()) {
    if (message.role === "assistant" || message.role === "tool") break;
    if (message.role !== "user") continue;
    const said = message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
    // In shared places a message begins with its speaker's name in brackets.
    open.unshift(said.replace(/^\[[^\]\n]{1,80}\] /, ""));
  }
  return open;
}

/** The results that came back for the last calls, in their order. */
function wordResults(prompt: LanguageModelV4Message[]): string {
  const worded: string[] = [];
  for (const message of [...prompt].reverse()) {
    if (message.role === "user" || message.role === "system") break;
    if (message.role === "assistant") {
      if (worded.length > 0) break;
      continue;
    }
    const lines = message.content.flatMap((part) => {
      if (part.type !== "tool-result") return [];
      const { output } = part;
      const value =
        output.type === "text" || output.type === "error-text"
          ? output.value
          : "value" in output
            ? JSON.stringify(output.value)
            : "";
      const result = output.type.startsWith("error") ? JSON.stringify({ error: { message: value } }) : value;
      return [words.wordResult(part.toolName, result)];
    });
    worded.unshift(...lines);
  }
  return worded.join("\n\n");
}

const text = (value: string): LanguageModelV4Content => ({ type: "text", text: value });
const unique = (lines: string[]): string[] => [...new Set(lines)];
const shorten = (message: string): string =>
  message.length <= 60 ? message : `${[...message].slice(0, 59).join("")}…`;

function finishReason(content: LanguageModelV4Content[]): LanguageModelV4FinishReason {
  const calls = content.some((part) => part.type === "tool-call");
  return { unified: calls ? "tool-calls" : "stop", raw: undefined };
}

/** Nothing was spent. */
function usage(_content: LanguageModelV4Content[]): LanguageModelV4Usage {
  return {
    inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 0, text: 0, reasoning: 0 },
  };
}

function streamOf(
  content: LanguageModelV4Content[],
  abort: AbortSignal | undefined,
): ReadableStream<LanguageModelV4StreamPart> {
  const parts = partsOf(content);
  return new ReadableStream({
    async pull(controller) {
      const next = parts.next();
      if (next.done || abort?.aborted) {
        controller.close();
        return;
      }
      if (next.value.type === "text-delta") await new Promise((resolve) => setTimeout(resolve, WORD_DELAY_MS));
      controller.enqueue(next.value);
    },
  });
}

function* partsOf(content: LanguageModelV4Content[]): Generator<LanguageModelV4StreamPart, void> {
  yield { type: "stream-start", warnings: [] };
  for (const [index, part] of content.entries()) {
    if (part.type !== "text") {
      if (part.type === "tool-call") yield part;
      continue;
    }
    const id = `text-${index}`;
    yield { type: "text-start", id };
    for (const delta of part.text.match(/\s*\S+|\s+$/g) ?? []) yield { type: "text-delta", id, delta };
    yield { type: "text-end", id };
  }
  yield { type: "finish", finishReason: finishReason(content), usage: usage(content) };
}
