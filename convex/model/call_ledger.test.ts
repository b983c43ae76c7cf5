import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { CallLedger, idOfKey } from "./call_ledger.ts";

const keys = (ledger: CallLedger) => ledger.open().map(({ toolCallId }) => toolCallId);

describe("calls with the same id", () => {
  test("said again with the same tool and input -> the same key, and its earlier result with it", () => {
    const ledger = new CallLedger();
    ledger.call("c", "createTask", { title: "a" });
    expect(ledger.result("c", "createTask", "T1")).toBe("c");
    ledger.call("c", "createTask", { title: "a" });
    expect(ledger.open()).toMatchObject([{ toolCallId: "c", earlier: "T1" }]);
    expect(ledger.result("c", "createTask", "T1")).toBeNull();
    expect(ledger.open()).toEqual([]);
  });

  test("another input or tool -> a key of its own; results find the call of their tool first", () => {
    const ledger = new CallLedger();
    ledger.call("c", "listTasks", {});
    ledger.call("c", "createTask", { title: "a" });
    ledger.call("c", "createTask", { title: "b" });
    expect(keys(ledger)).toEqual(["c", "c~2", "c~3"]);
    expect(ledger.result("c", "createTask", "T1")).toBe("c~2");
    expect(keys(ledger)).toEqual(["c", "c~3"]);
    expect(ledger.result("d", "createTask", "T1")).toBeNull();
  });

  test("keys are told apart whatever the ids look like, and lead back to them", () => {
    const ids = fc.constantFrom("c", "c~1", "c~2", "c~2~1", "~2", "");
    const said = fc.array(fc.tuple(ids, fc.constantFrom("t", "u"), fc.integer({ min: 0, max: 2 })), { maxLength: 12 });
    fc.assert(
      fc.property(said, (calls) => {
        const ledger = new CallLedger();
        for (const [id, tool, input] of calls) ledger.call(id, tool, input);
        expect(new Set(keys(ledger)).size).toBe(new Set(calls.map((call) => JSON.stringify(call))).size);
        expect(keys(ledger).map(idOfKey).sort()).toEqual(
          [...new Set(calls.map((call) => JSON.stringify(call)))]
            .map((text) => (JSON.parse(text) as [string])[0])
            .sort(),
        );
      }),
    );
  });
});
