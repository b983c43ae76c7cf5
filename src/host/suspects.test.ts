import { describe, expect, test } from "vitest";
import { Board, queryKey, refusalBy, type Suspect, scheduledKey, sessionKey, withSuspect } from "./suspects.ts";

describe("the board", () => {
  test("what one side notes the other reads, beats beside it", () => {
    const worker = new Board();
    const main = new Board(worker.buffer);
    expect(main.noted).toBeNull();
    worker.note("query größe");
    worker.beat();
    expect([main.noted, main.beats]).toEqual(["query größe", 1]);
    worker.note(null);
    expect(main.noted).toBeNull();
  });

  test("a key that is too long is cut, not refused", () => {
    const board = new Board();
    board.note("x".repeat(10_000));
    expect(board.noted).toMatch(/^x{4000,}$/);
  });
});

describe("suspects", () => {
  test("a mutation is refused for good, a query for some minutes", () => {
    const mutation = sessionKey("s", 1);
    const query = queryKey("m:f", "{}");
    const suspects = withSuspect(withSuspect([], mutation, "why", 0), query, "why not", 0);
    const refusal = refusalBy(suspects);
    expect([refusal(mutation, 1), refusal(query, 1), refusal(scheduledKey("s"), 1)]).toEqual(["why", "why not", null]);
    expect([refusal(mutation, 1e9), refusal(query, 1e9)]).toEqual(["why", null]);
    expect(withSuspect(suspects, "scheduled x", "", 1e9).map(({ key }) => key)).toEqual([mutation, "scheduled x"]);
  });

  test("queries with other arguments are others, however long the arguments", () => {
    expect(queryKey("m:f", `${"x".repeat(3_000)}a`)).not.toBe(queryKey("m:f", "x".repeat(3_000)));
  });

  test("not more are kept than needed", () => {
    let suspects: Suspect[] = [];
    for (let i = 0; i < 1_100; i++) suspects = withSuspect(suspects, scheduledKey(`${i}`), "", 0);
    expect(suspects).toHaveLength(1_000);
    expect(suspects.at(-1)!.key).toBe("scheduled 1099");
  });
});
