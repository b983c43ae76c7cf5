import { expect, test } from "vitest";
import fc from "../../../../test/property.ts";
import { invalidates } from "../../store/readset.ts";
import type { ReadSet, WriteSet } from "../../store/types.ts";
import { newId } from "../../values/ids.ts";
import { encodeKey } from "../../values/key.ts";
import { ReadIndex } from "./read_index.ts";

const key = fc.uint8Array({ maxLength: 2, max: 3 });
const ids = [newId(10_000, 1), newId(10_000, 2), newId(10_001, 1)];
const table = fc.constantFrom(10_000, 10_001);
const range = fc.record({ index: fc.integer({ min: 0, max: 2 }), low: key, high: key });
const idRange = fc
  .record({ index: table.map((number) => -number), low: fc.constantFrom(...ids), high: fc.constantFrom(...ids) })
  .map(({ index, low, high }) => ({ index, low: encodeKey([low]), high: encodeKey([high]) }));
const reads: fc.Arbitrary<ReadSet> = fc.record({
  ranges: fc.array(fc.oneof(range, idRange), { maxLength: 4 }),
  ids: fc.subarray(ids).map((some) => new Set(some)),
  tables: fc.subarray([10_000, 10_001]).map((some) => new Set(some)),
});
const writes: fc.Arbitrary<WriteSet> = fc.record({
  ids: fc.subarray(ids).map((some) => new Set(some)),
  tables: fc.subarray([10_000, 10_001]).map((some) => new Set(some)),
  keys: fc.array(fc.record({ index: fc.integer({ min: 0, max: 2 }), key }), { maxLength: 4 }),
});

test("finds exactly the owners the store's rule would, whatever was set, set again and deleted before", () => {
  const owner = fc.integer({ min: 0, max: 12 });
  const step = fc.oneof(
    fc.record({ owner, reads: fc.option(reads, { nil: null, freq: 8 }) }),
    fc.record({ owner, reads: fc.constant(undefined) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(writes, { minLength: 1, maxLength: 5 }),
      (steps, commits) => {
        const index = new ReadIndex<number>();
        const model = new Map<number, ReadSet | null>();
        const compare = (commit: WriteSet) => {
          const found = new Set<number>();
          index.touched(commit, (one) => found.add(one));
          const expected = [...model]
            .filter(([, read]) => read === null || invalidates(read, commit))
            .map(([one]) => one);
          expect([...found].sort()).toEqual(expected.sort());
        };
        for (const { owner, reads } of steps) {
          if (reads === undefined) {
            index.delete(owner);
            model.delete(owner);
          } else {
            index.set(owner, reads);
            model.set(owner, reads);
          }
          compare(commits[0]!);
        }
        commits.forEach(compare);
      },
    ),
    { numRuns: 300 },
  );
});
