/** W13. The compiler is the test: `tsc` fails when a line marked with @ts-expect-error compiles. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { problemLine } from "../contract/problem.ts";
import { parseDefinition } from "../flow/parse.ts";
import { defineWorkflow } from "./define.ts";

const brief = defineWorkflow({
  id: "brief",
  startNodeId: "research",
  sharedSession: { title: "Brief" },
  nodes: {
    research: { id: "research", type: "task", prompt: "Find three mails.", saveAs: "mails", next: "check" },
    check: {
      type: "approval",
      question: "Send {{mails}}?",
      options: ["yes", "later", "no"],
      expiresInMs: 60_000,
      next: { yes: "send", later: "wait", no: "done", expired: "done" },
    },
    wait: { type: "wait", forMs: 1000, next: "check" },
    send: { type: "task", functionId: "tool::record", config: { key: "sent" }, saveAs: "sent", next: "done" },
    done: { type: "end", result: "mails" },
  },
});

describe("defineWorkflow", () => {
  test("gives the definition back, and the backend's own reader accepts it", () => {
    const parsed = parseDefinition(JSON.stringify(brief), "definition.json");
    expect(parsed.ok ? [] : parsed.problems.map(problemLine)).toEqual([]);
    expectTypeOf(brief.startNodeId).toEqualTypeOf<"research" | "check" | "wait" | "send" | "done">();
  });

  test("what names no node, forgets an option or a field does not compile", () => {
    const done = { type: "end" } as const;
    defineWorkflow({
      startNodeId: "a",
      // @ts-expect-error "b" is no node
      nodes: { a: { type: "task", prompt: "x", next: "b" }, done },
    });
    defineWorkflow({
      // @ts-expect-error the start is no node
      startNodeId: "b",
      nodes: { a: { type: "task", prompt: "x", next: "done" }, done },
    });
    defineWorkflow({
      startNodeId: "ask",
      nodes: {
        // @ts-expect-error "no" leads nowhere
        ask: { type: "approval", question: "Go?", options: ["yes", "no"], next: { yes: "done" } },
        done,
      },
    });
    defineWorkflow({
      startNodeId: "ask",
      nodes: {
        // @ts-expect-error "maybe" is no option that may require a reason
        ask: { type: "approval", question: "?", options: ["yes"], next: { yes: "done" }, reasonRequired: ["maybe"] },
        done,
      },
    });
    defineWorkflow({
      startNodeId: "if",
      // @ts-expect-error "elsewhere" is no node
      nodes: { if: { type: "branch", cond: "x", truthy: "done", falsy: "elsewhere" }, done },
    });
    defineWorkflow({
      startNodeId: "both",
      // @ts-expect-error "c" is no node
      nodes: { both: { type: "parallel", branches: ["done", "c"], next: "done" }, done },
    });
    defineWorkflow({
      startNodeId: "a",
      // @ts-expect-error a task does something
      nodes: { a: { type: "task", next: "done" }, done },
    });
    defineWorkflow({
      startNodeId: "a",
      // @ts-expect-error there is no such type
      nodes: { a: { type: "tsk", prompt: "x", next: "done" }, done },
    });
    defineWorkflow({
      startNodeId: "a",
      // @ts-expect-error a loop needs a bound
      nodes: { a: { type: "loop", prompt: "x", next: "done" }, done },
    });
    expect(true).toBe(true);
  });
});
