import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import fc from "../../test/property.ts";
import { openStore } from "./store.ts";

test("a file holds at every moment what memory holds, in the same order, whoever else shares it", () => {
  const folder = mkdtempSync(join(tmpdir(), "simulator-store-"));
  let files = 0;
  const id = fc.constantFrom("a", "b", "c", "d");
  fc.assert(
    fc.property(fc.array(fc.record({ id, value: fc.option(fc.string()) }), { maxLength: 12 }), (steps) => {
      const file = join(folder, `${files++}.db`);
      const store = openStore(file);
      const other = openStore(file);
      other.collection<string>("other").put("a", "not mine");
      const documents = store.collection<{ value: string }>("documents");
      for (const step of steps) {
        if (step.value === null) documents.delete(step.id);
        else documents.put(step.id, { value: step.value });
      }
      // Another reader of the same file: what a process sees that starts after this one was killed.
      const after = openStore(file);
      expect(after.collection("documents").values()).toEqual(documents.values());
      for (const open of [store, other, after]) open.close();
    }),
    { numRuns: 15 },
  );
  rmSync(folder, { recursive: true });
});
