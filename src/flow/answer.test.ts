import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { meaningOf } from "../contract/option.ts";
import { hintFor, type OpenQuestion, readAnswer, waysFor } from "./answer.ts";

const question = (code: string, options = ["yes", "no"], freeText = false): OpenQuestion => ({
  approvalId: `id-${code}`,
  code,
  options: freeText ? [] : options,
  freeText,
});
const ship = question("4K");
const pay = question("7M", ["approve", "deny"]);
const how = question("9P", ["staging first", "all at once", "not today"]);
const why = question("3T", [], true);

/** "4K=yes", several joined by blanks; the kind otherwise. */
const said = (text: string, ...open: OpenQuestion[]): string => {
  const reading = readAnswer(text, open);
  if (reading.kind !== "settle") return reading.kind;
  return reading.answers
    .map(
      ({ code, option, text: words, reason }) =>
        `${code}=${option ?? `"${words}"`}${reason === null ? "" : ` (${reason})`}`,
    )
    .join(" ");
};

describe("a bare word with one question open settles it", () => {
  it.each(["YES", "yes", " Yes. ", "y", "Y!", "approve", "1", "\tyes\n", "yes ."])("%j -> yes", (text) => {
    expect(said(text, ship)).toBe("4K=yes");
  });
  it.each(["NO", "n", "deny", "No!", "2"])("%j -> no", (text) => expect(said(text, ship)).toBe("4K=no"));
  it.each(["YES", "approve", "1"])("%j -> approve", (text) => expect(said(text, pay)).toBe("7M=approve"));
  it.each([
    ["staging first", "staging first"],
    ["Staging   FIRST.", "staging first"],
    ["2", "all at once"],
    ["NOT TODAY", "not today"],
  ])("%j -> %s", (text, option) => expect(said(text, how)).toBe(`9P=${option}`));
});

describe("what settles nothing", () => {
  it.each([
    "no, don't approve",
    "disallow",
    "ok",
    "yes but tomorrow",
    "yes please",
    "yes, 4K",
    "sure",
    "👍",
    "yep",
    "YES!!",
    "not yes",
    "yes no",
    "no yes",
    "yes.no",
    "approve it",
    "YES 4",
    "is it ready?",
    "4K",
    "maybe yes",
    "yes\u200b",
    "ＹＥＳ",
    "",
    "   ",
    "approved",
    "yes or no",
    "answer yes",
    "ANSWER 4K",
    "3",
    "0",
    "01",
  ])("%j is conversation", (text) => {
    expect(said(text, ship)).toBe("conversation");
    expect(["conversation", "needsCode"]).toContain(said(text, ship, pay));
    // With nothing open here, a code may still be one that was: that settles nothing either.
    expect(["conversation", "unknownCode"]).toContain(said(text));
  });

  it("YES and NO do not settle a question without such an option", () => {
    for (const text of ["yes", "no", "approve", "deny"]) expect(said(text, how)).toBe("conversation");
    expect(said("yes 9P", how, ship)).toBe("notAnOption");
  });

  it("a bare word with several open -> the list with codes", () => {
    expect(said("yes", ship, pay)).toBe("needsCode");
    expect(said("staging first", how, pay)).toBe("needsCode");
    expect(said("hello", how, pay)).toBe("conversation");
  });

  it("a bare word for a free text question -> nothing", () => {
    expect(said("yes", why)).toBe("conversation");
  });

  it("a code of somebody else, or closed -> nothing, but the code is named", () => {
    expect(readAnswer("YES 4K", [pay])).toEqual({ kind: "unknownCode", word: "yes", codes: ["4K"], reason: null });
    expect(readAnswer("NO 4K too late", [])).toEqual({
      kind: "unknownCode",
      word: "no",
      codes: ["4K"],
      reason: "too late",
    });
    expect(said("answer 4K staging first")).toBe("unknownCode");
  });

  it("ordinary words that look like codes stay conversation", () => {
    for (const text of ["no 3rd party", "yes 7pm", "no 2nd thoughts"]) expect(said(text, ship)).toBe("conversation");
  });
});

describe("the code before the word settles nothing, and the person is told how to write it", () => {
  it.each([
    ["4K yes", "yes 4K"],
    ["4k 2.", "2 4K"],
    ["9P staging first", "staging first 9P"],
  ])("%j -> %s", (text, write) => {
    expect(readAnswer(text, [ship, pay, how])).toEqual({ kind: "turnedAround", write });
  });
  it("words that are no option of it stay conversation", () => {
    for (const text of ["4K what is it?", "4K 3", "3T yes"]) expect(said(text, ship, pay, why)).toBe("conversation");
  });
});

describe("with a code", () => {
  it.each([
    ["YES 4K", "4K=yes"],
    ["yes 4k.", "4K=yes"],
    ["NO 4K too risky!", "4K=no (too risky!)"],
    ["no 4k   Too   Risky", "4K=no (Too   Risky)"],
    ["1 4K", "4K=yes"],
    ["YES 4K 7M", "4K=yes 7M=approve"],
    ["NO 7M 4K", "7M=deny 4K=no"],
    ["YES 4K 4k", "4K=yes"],
    ["YES 4K looks good", "4K=yes (looks good)"],
    ["staging first 9P", "9P=staging first"],
    ["staging first 9P but slowly", "9P=staging first (but slowly)"],
    ["ANSWER 9P staging first", "9P=staging first"],
    ["answer 9p 2", "9P=all at once"],
    ["answer 4K no.", "4K=no"],
    ["ANSWER 3T  Keep it in Frankfurt. ", '3T="Keep it in Frankfurt."'],
    ["YES 9P", "notAnOption"],
    ["YES 4K 9P", "notAnOption"],
    ["ANSWER 4K whenever you like", "notAnOption"],
    ["yes! 4K", "conversation"],
    ["yes 4K, 7M", "conversation"],
  ])("%j -> %s", (text, result) => expect(said(text, ship, pay, how, why)).toBe(result));

  it("codes of a list that are not open are named beside what is settled", () => {
    expect(readAnswer("YES 4K 6W", [ship, pay])).toMatchObject({
      kind: "settle",
      unknownCodes: ["6W"],
      answers: [{ code: "4K", option: "yes" }],
    });
    expect(readAnswer("YES 6W 4K", [ship, pay])).toMatchObject({
      kind: "settle",
      unknownCodes: ["6W"],
      answers: [{ code: "4K" }],
    });
  });

  it.each([
    ["YES 4K no", "4K=no"],
    ["YES 4K ok, no", "4K=no"],
    ["YES 4K NO 7M", "7M=deny"],
    ["yes 4K wait no 4K", "4K=no"],
    ["approve 7M DENY.", "7M=deny"],
    ["NO 4K yes", "4K=no (yes)"],
    ["YES 4K no rush", "4K=yes (no rush)"],
  ])("deny wins: %j -> %s", (text, result) => {
    expect(said(text, ship, pay).replace(/^(\S+=(no|deny)) \((?!yes).*\)$/, "$1")).toBe(result);
  });
});

describe("the hint names the words that count", () => {
  it("one open, several open, none", () => {
    expect(hintFor([ship])).toBe(
      "A question is open. Only these words answer it: YES or NO; with a reason: NO 4K your reason",
    );
    expect(hintFor([ship, how])).toContain("YES 4K or NO 4K");
    expect(hintFor([ship, how])).toContain("STAGING FIRST 9P (or 1)");
    expect(hintFor([why])).toContain("ANSWER 3T");
    expect(hintFor([])).toBeNull();
  });
  it("what it names settles", () => {
    for (const one of [ship, pay, how]) {
      for (const way of waysFor(one, false).split(" or ")) {
        if (!way.startsWith("(")) expect(said(way.replace(/ \(.*/, ""), one)).toContain(`${one.code}=`);
      }
    }
  });
});

describe("for any text", () => {
  const word = fc.constantFrom(
    "yes",
    "no",
    "Y",
    "N",
    "approve",
    "deny",
    "4K",
    "7M",
    "9P",
    "3T",
    "6W",
    "answer",
    "staging",
    "first",
    "1",
    "2",
    "!",
    ".",
    "ok",
    "not",
    "but",
    "DENY",
    "staging first",
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")),
    fc.string({ maxLength: 30 }),
  );
  const open = fc.subarray([ship, pay, how, why]);

  /** The grammar once more, as plainly as it can be said. */
  const inGrammar = (said_: string, questions: OpenQuestion[]): boolean => {
    const words = [
      "yes",
      "y",
      "approve",
      "no",
      "n",
      "deny",
      ...questions.flatMap(({ options }) => options.flatMap((option, index) => [option, String(index + 1)])),
    ];
    const plain = said_
      .trim()
      .replaceAll(/\s+/g, " ")
      .toLowerCase()
      .replace(/ ?[.!]$/, "");
    const codes = questions.map(({ code }) => code.toLowerCase());
    const coded = words.some(
      (one) =>
        plain.startsWith(`${one} `) &&
        plain
          .slice(one.length + 1)
          .split(" ")
          .some((token) => codes.includes(token.replace(/[.!]$/, ""))),
    );
    const answered = codes.some((code) => plain.startsWith(`answer ${code} `));
    // The end of a contradicting message is a coded answer itself.
    return coded || answered || (questions.length === 1 && words.includes(plain));
  };

  it("nothing outside the grammar settles", () => {
    fc.assert(
      fc.property(text, open, (said_, questions) => {
        const reading = readAnswer(said_, questions);
        if (reading.kind === "settle") expect(inGrammar(said_, questions)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it("what is settled is open, an option of its question, and free text only where it is asked for", () => {
    fc.assert(
      fc.property(text, open, (said_, questions) => {
        const reading = readAnswer(said_, questions);
        if (reading.kind !== "settle") return;
        expect(reading.answers.length).toBeGreaterThan(0);
        for (const { approvalId, option, text: words } of reading.answers) {
          const one = questions.find((candidate) => candidate.approvalId === approvalId)!;
          if (one.freeText) expect([option, typeof words]).toEqual([null, "string"]);
          else expect(one.options).toContain(option);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("blanks, case and one final mark do not matter", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("yes", "no", "4K", "7M", "staging first", "9P", "hello"), {
          minLength: 1,
          maxLength: 4,
        }),
        open,
        (words, questions) => {
          const plain = said(words.join(" "), ...questions);
          const spaced = said(`  ${words.join("   ").toUpperCase()} `, ...questions);
          // A reason is kept verbatim.
          expect(spaced.replaceAll(/ +/g, " ").toLowerCase()).toBe(plain.toLowerCase());
        },
      ),
      { numRuns: 500 },
    );
  });

  it("a message that holds a denial as an answer of its own never approves", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("no", "deny", "n", "NO.", "no 4K", "NO 7M"),
        fc.array(word, { maxLength: 4 }),
        (denial, before) => {
          const reading = readAnswer([...before, denial].join(" "), [ship, pay]);
          if (reading.kind !== "settle") return;
          for (const { option } of reading.answers) expect(meaningOf(option!)).toBe("deny");
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("long and odd messages are read quickly", () => {
    for (const odd of [
      "no ".repeat(1300),
      "yes 4K ".repeat(500),
      `yes 4K ${"no ".repeat(1200)}x`,
      "4K ".repeat(1300),
      "a".repeat(100_000),
    ]) {
      expect(readAnswer(odd, [ship, pay, how, why]).kind).toBeTypeOf("string");
    }
  });
});
