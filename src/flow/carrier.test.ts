import { describe, expect, test } from "vitest";
import { carrierWord } from "./carrier.ts";
import { reservedReason } from "./options.ts";

const STOPS = ["STOP", "StopAll", "unsubscribe", "cancel", "End.", " quit ", "Revoke", "OPTOUT", "opt  out", "stop!"];

describe("words that carriers act on", () => {
  test.each(STOPS)("%j opts out, and no option may be called so", (word) => {
    expect(carrierWord(word, false)).toBe("stop");
    expect(carrierWord(word, true)).toBe("stop");
    expect(reservedReason(word)).not.toBeNull();
  });

  test("START opts in; YES only whoever has opted out", () => {
    expect(carrierWord("start", false)).toBe("start");
    expect(carrierWord("UNSTOP", true)).toBe("start");
    expect(carrierWord("Yes", true)).toBe("start");
    expect(carrierWord("Yes", false)).toBeNull();
  });

  test.each(["stop the deploy please", "don't stop", "the end", "STOP 4K", "cancel run r1", "", "no"])(
    "%j is a message like any other",
    (text) => {
      expect(carrierWord(text, false)).toBeNull();
    },
  );
});
