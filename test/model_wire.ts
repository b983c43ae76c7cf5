/** What a language model says, as bytes of the two protocols: OpenAI-compatible and Anthropic. Streamed, unless said otherwise. */
export type Protocol = "openai" | "anthropic";

export interface ToolCall {
  id: string;
  name: string;
  input: object;
}

/** What each reply says that it used. */
export const USED = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const USED_BY_ANTHROPIC = { input_tokens: USED.prompt_tokens, output_tokens: USED.completion_tokens };

const chunk = (choices: object[], usage?: object) =>
  `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices, usage })}\n\n`;
const delta = (what: object, finish: string | null = null) => chunk([{ index: 0, delta: what, finish_reason: finish }]);

const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

/** Each protocol's pieces of a stream, in the order in which they are sent. */
export const WIRE: Record<
  Protocol,
  {
    begin: () => string;
    words: (words: string[]) => string[];
    calls: (calls: ToolCall[]) => string[];
    end: (why: "said" | "called") => string;
    /** Not streamed. */
    whole: (text: string) => object;
  }
> = {
  openai: {
    begin: () => delta({ role: "assistant" }),
    words: (words) => words.map((content) => delta({ content })),
    // The arguments come in halves, as real ones do.
    calls: (calls) =>
      calls.flatMap(({ id, name, input }, index) => {
        const [first, rest] = halves(JSON.stringify(input));
        return [
          delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: first } }] }),
          delta({ tool_calls: [{ index, function: { arguments: rest } }] }),
        ];
      }),
    end: (why) => `${delta({}, why === "said" ? "stop" : "tool_calls")}${chunk([], USED)}data: [DONE]\n\n`,
    whole: (text) => ({
      ...{ id: "x", object: "chat.completion", created: 1, model: "m", usage: USED },
      choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    }),
  },
  anthropic: {
    begin: () => event("message_start", { message: { ...MESSAGE, content: [], stop_reason: null } }),
    words: (words) => [
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      ...words.map((text) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } })),
      event("content_block_stop", { index: 0 }),
    ],
    calls: (calls) =>
      calls.flatMap(({ id, name, input }, index) => [
        event("content_block_start", { index, content_block: { type: "tool_use", id, name, input: {} } }),
        ...halves(JSON.stringify(input)).map((partial_json) =>
          event("content_block_delta", { index, delta: { type: "input_json_delta", partial_json } }),
        ),
        event("content_block_stop", { index }),
      ]),
    end: (why) =>
      event("message_delta", {
        delta: { stop_reason: why === "said" ? "end_turn" : "tool_use", stop_sequence: null },
        usage: USED_BY_ANTHROPIC,
      }) + event("message_stop"),
    whole: (text) => ({ ...MESSAGE, content: [{ type: "text", text }], stop_reason: "end_turn" }),
  },
};

const MESSAGE = {
  ...{ id: "x", type: "message", role: "assistant", model: "m", stop_sequence: null },
  usage: USED_BY_ANTHROPIC,
};

const halves = (text: string): [string, string] => {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
};
