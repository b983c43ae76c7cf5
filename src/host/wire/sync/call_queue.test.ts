import { expect, test } from "vitest";
import fc from "../../../../test/property.ts";
import { CallQueue } from "./call_queue.ts";

test("calls begin and are answered in the order in which they came, whatever each of them takes; never too many at a time", async () => {
  const call = fc.record({ beforeQueued: fc.nat(3), afterQueued: fc.nat(5), refused: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), async (calls, most) => {
      const queue = new CallQueue(most);
      const begun: number[] = [];
      const answered: number[] = [];
      let open = 0;
      let mostOpen = 0;
      const done = calls.map(({ beforeQueued, afterQueued, refused }, i) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        queue.push(async (queued) => {
          begun.push(i);
          mostOpen = Math.max(mostOpen, ++open);
          await turns(beforeQueued);
          if (!refused) {
            queued();
            await turns(afterQueued);
          }
          return () => {
            open--;
            answered.push(i);
            resolve();
          };
        });
        return promise;
      });
      await Promise.all(done);
      expect(begun).toEqual(calls.map((_, i) => i));
      expect(answered).toEqual(begun);
      expect(mostOpen).toBeLessThanOrEqual(most);
    }),
    { numRuns: 60 },
  );
});

test("closed -> what has begun is finished, what has not never begins", async () => {
  const queue = new CallQueue(2);
  const events: string[] = [];
  const hold = Promise.withResolvers<void>();
  queue.push(async () => {
    events.push("first begun");
    await hold.promise;
    return () => void events.push("first answered");
  });
  queue.push(async () => {
    events.push("second begun");
    return () => {};
  });
  queue.close();
  hold.resolve();
  await turns(5);
  expect(events).toEqual(["first begun", "first answered"]);
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
