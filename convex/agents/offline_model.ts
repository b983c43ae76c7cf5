/**
 * The built-in model that answers when no key is set. It speaks the same interface as a real one and takes the same way through the
 * product: it sees the messages and the tools, answers with text or with tool calls, and words the results it gets back.
 * It decides by `offline_intents.ts` alone; it never takes a request from tool results, facts or earlier messages.
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
import { type Understood, understand } from "./offline_intents.ts";
import * as words from "./offline_words.ts";
import { nextOfWorker, withoutTask } from "./offline_workers.ts";
import { SAID_BY_OTHERS } from "./shared.ts";
import { isLook, type ToolName } from "./tools/index.ts";

/** Between two words: quick to read along. A long reply comes several words at a time, so that it takes half a second at most. */
const WORD_DELAY_MS = 5;
const MAX_DELTAS = 100;

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
  const offered = new Set((options.tools ?? []).map((tool) => tool.name));
  const step = stepName(options.prompt);
  if (offered.size === 0) return [text(words.stepOutput(step ?? "unnamed"))];
  const { asked: said, results } = currentTurn(options.prompt);
  const works = offered.has("executeCommand");
  const worker = works ? nextOfWorker(said, results) : null;
  if (worker !== null) return ["text" in worker ? text(worker.text) : toolCall(worker.call, worker.input)];
  const asked = works ? said.map(withoutTask) : said;
  const workflows = workflowNames(options.prompt);
  const plan = asked.map((message): Planned => ({ message, meant: understand(message, { workflows, offered }) }));
  // A hand has tools and a step: what it cannot read from its task it does not make up.
  if (step !== null && plan.every(({ meant }) => meant.kind !== "call")) return [text(words.stepOutput(step))];
  const passedOn = factsOf(options.prompt).passedOnWordsOf;
  if (passedOn !== undefined && !plan.every(({ meant }) => meant.kind === "call" && mayHearsay(meant.tool))) {
    return [text(words.passedOn(passedOn))];
  }
  const calls = plan.flatMap(({ meant }) => (meant.kind === "call" ? [meant] : []));
  return results.length < calls.length
    ? nextCalls(calls.slice(results.length))
    : [text(wordTurn(plan, results, offered, factsOf(options.prompt).textMessage !== undefined))];
}

interface Planned {
  message: string;
  meant: Understood;
}
type Call = Extract<Understood, { kind: "call" }>;

/** Calls that only look run before those with an effect in the same step, so a step holds one sort: what was asked later sees what came before. */
function nextCalls(calls: Call[]): LanguageModelV4Content[] {
  const first = calls[0];
  const other = calls.findIndex((call) => first !== undefined && isLook(call.tool) !== isLook(first.tool));
  return calls.slice(0, other < 0 ? undefined : other).map(({ tool, input }) => toolCall(tool, input));
}

const toolCall = (toolName: string, input: Record<string, unknown>): LanguageModelV4Content => ({
  type: "tool-call",
  toolCallId: `offline-${crypto.randomUUID()}`,
  toolName,
  input: JSON.stringify(input),
});

/** The reply: what came of each message, in order. `brief`: it goes to a telephone. */
function wordTurn(plan: Planned[], results: Result[], offered: ReadonlySet<string>, brief: boolean): string {
  const alone = plan.length === 1;
  if (plan.every(({ meant }) => meant.kind === "greeting"))
    return brief ? words.shortGreeting() : words.greeting(offered);
  if (plan.every(({ meant }) => meant.kind === "help")) return words.help(offered);
  if (plan.every(({ meant }) => meant.kind === "unknown" || meant.kind === "greeting"))
    return brief ? words.shortlyNotUnderstood() : words.notUnderstood(offered);
  let call = 0;
  const lines = plan.map(({ message, meant }) => {
    if (meant.kind === "call") {
      const { toolName, value } = results[call++] ?? { toolName: meant.tool, value: "" };
      return words.wordResult(toolName, value);
    }
    if (meant.kind === "ask") return meant.question;
    if (meant.kind === "thanks") return words.welcome();
    if (meant.kind === "help") return words.help(offered);
    return meant.kind === "greeting" && !alone ? "Hello!" : `I did not understand "${shorten(message)}".`;
  });
  return [...new Set(lines)].join("\n\n");
}

/** A workflow is started by a name that exists. */
const workflowNames = (prompt: LanguageModelV4Message[]): string[] =>
  (factsOf(prompt).workflows ?? []).map(({ name }) => name);

const mayHearsay = (tool: ToolName): boolean => isLook(tool) || tool === "requestHumanInput";

/** What `context_bridge.ts` tells. */
interface Facts {
  workflows?: { name: string }[];
  passedOnWordsOf?: string;
  /** The reply goes to a telephone. */
  textMessage?: string;
}

function factsOf(prompt: LanguageModelV4Message[]): Facts {
  for (const message of prompt) {
    const json =
      message.role === "system"
        ? /^Facts for this conversation[^\n]*\n(\{.*\})$/s.exec(message.content)?.[1]
        : undefined;
    if (json !== undefined) return JSON.parse(json) as Facts;
  }
  return {};
}

/** A workflow's task names its step in the instructions (`run_task.ts`). Null: nothing does. */
function stepName(prompt: LanguageModelV4Message[]): string | null {
  const instructions = prompt.map((message) => (message.role === "system" ? message.content : "")).join("\n");
  return /^Step: (.+)$/m.exec(instructions)?.[1] ?? null;
}

interface Result {
  toolName: string;
  /** JSON text, as tools return it. */
  value: string;
}

/**
 * What was said since the last answer (several quick messages are answered together), and the results that came back for the calls
 * made since. An answer is text of the assistant; a message of calls is not.
 */
function currentTurn(prompt: LanguageModelV4Message[]): { asked: string[]; results: Result[] } {
  const asked: string[] = [];
  const results: Result[] = [];
  for (const message of [...prompt].reverse()) {
    if (message.role === "user") {
      const said = message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
      // Somebody else's words: neither a request nor a part of one.
      if (said.startsWith(SAID_BY_OTHERS)) break;
      // In shared places a message begins with its speaker's name in brackets.
      asked.unshift(said.replace(/^\[[^\]\n]{1,80}\] /, ""));
    } else if (asked.length > 0 && message.role !== "system") break;
    else if (message.role === "tool") results.unshift(...resultsIn(message));
  }
  return { asked, results };
}

function resultsIn(message: Extract<LanguageModelV4Message, { role: "tool" }>): Result[] {
  return message.content.flatMap((part) => {
    if (part.type !== "tool-result") return [];
    const { output, toolName } = part;
    const value = "value" in output ? output.value : "";
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    return [
      { toolName, value: output.type.startsWith("error") ? JSON.stringify({ error: { message: shown } }) : shown },
    ];
  });
}

const text = (value: string): LanguageModelV4Content => ({ type: "text", text: value });
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
    for (const delta of deltas(part.text)) yield { type: "text-delta", id, delta };
    yield { type: "text-end", id };
  }
  yield { type: "finish", finishReason: finishReason(content), usage: usage(content) };
}

function deltas(text: string): string[] {
  const words = text.match(/\s*\S+|\s+$/g) ?? [];
  const together = Math.ceil(words.length / MAX_DELTAS);
  const joined: string[] = [];
  for (let at = 0; at < words.length; at += together) joined.push(words.slice(at, at + together).join(""));
  return joined;
}
