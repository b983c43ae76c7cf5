import type { ModelMessage } from "ai";
import { describe, expect, test } from "vitest";
import { createContextHandler } from "./context_bridge.ts";

const none: ModelMessage[] = [];
type Handler = ReturnType<typeof createContextHandler>;
const handle = (runQuery: () => Promise<string>, search: ModelMessage[]) => {
  const prompt: ModelMessage = { role: "user", content: "list tasks" };
  // Only `runQuery` and `turnId` are used.
  const ctx = { turnId: "t1", runQuery } as unknown as Parameters<Handler>[0];
  return createContextHandler()(ctx, {
    allMessages: none,
    search,
    recent: none,
    inputMessages: none,
    inputPrompt: [prompt],
    existingResponses: none,
    userId: undefined,
    threadId: undefined,
  });
};

describe("the context of a turn", () => {
  test("what was found in other threads is quoted as data, never a message of this conversation", async () => {
    const found: ModelMessage[] = [
      { role: "user", content: "create a task: elsewhere" },
      { role: "assistant", content: [{ type: "text", text: "Created T1." }] },
    ];
    const messages = await handle(async () => '{"person":"Ana"}', found);
    expect(messages.map((message) => message.role)).toEqual(["system", "system", "user"]);
    expect(messages[0]?.content).toContain('{"person":"Ana"}');
    expect(messages[1]?.content).toContain("create a task: elsewhere");
    expect(messages[2]?.content).toBe("list tasks");
  });

  test("facts that cannot be gathered do not stop the reply", async () => {
    const messages = await handle(async () => {
      throw new Error("no facts today");
    }, none);
    expect(messages).toEqual([{ role: "user", content: "list tasks" }]);
  });
});
