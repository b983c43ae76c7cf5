import { expect, test } from "vitest";
import fc from "../../../../test/property.ts";
import { parseMarkdown, parseMrkdwn, plainMarkdown, plainMrkdwn } from "./mrkdwn.js";

const names = { user: (id: string) => id.toLowerCase(), channel: (id: string) => id.toLowerCase() };
const plain = (text: string) => plainMrkdwn(text, names);

test.each([
  ["*bold* _it_ ~no~ `co*de*`", "bold it no co*de*"],
  ["snake_case_name 2*3*4 a ~ b", "snake_case_name 2*3*4 a ~ b"],
  ["<@UANA> in <#C1|eng> <!here> <https://a.example|a &amp; b>", "@uana in #eng @here a & b"],
  ["&lt;@UANA&gt; &amp;amp;", "<@UANA> &amp;"],
  ["<javascript:alert(1)|x> <b>", "<javascript:alert(1)|x> <b>"],
  ["&gt; quoted\nafter", "quoted\nafter"],
  ["```a\n*b*```", "a\n*b*\n"],
  ["10:30:45 :x: :not an emoji:", "10:30:45 :x: :not an emoji:"],
])("%j reads %j", (text, shown) => expect(plain(text)).toBe(shown));

test("Markdown of a reply: headings, lists, code, links", () => {
  const text = "## Done\n\n- **one** [here](https://a.example)\n  1. two\n\n```ts\na < b\n```\nend `x`";
  expect(plainMarkdown(text)).toBe("Done\n• one here\n  1. two\na < b\nend x");
});

test("text that was escaped and has no marks reads as it was written", () => {
  const mark = /[*_~`:>]/g;
  fc.assert(
    fc.property(fc.string(), (text) => {
      const wanted = text.replace(mark, "");
      const escaped = wanted.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      // A line that begins with > is a quote in any notation; the marks above are taken out.
      expect(plain(escaped)).toBe(wanted);
    }),
    { numRuns: 200 },
  );
});

test("no text is too odd, and no link leads anywhere but to the web, a mailbox or a phone", () => {
  const odd = fc.array(
    fc.constantFrom(
      "<",
      ">",
      "*",
      "_",
      "`",
      "```",
      "|",
      "[",
      "](",
      ")",
      "https://",
      "javascript:",
      "a",
      "\n",
      "&lt;",
      "@",
      "!",
      "#",
    ),
  );
  const urls = (nodes: unknown[]): string[] =>
    (nodes as { url?: string; nodes?: unknown[] }[]).flatMap(({ url, nodes: inner }) => [
      ...(url === undefined ? [] : [url]),
      ...urls(inner ?? []),
    ]);
  fc.assert(
    fc.property(odd, (parts) => {
      const text = parts.join("");
      for (const url of [...urls(parseMrkdwn(text)), ...urls(parseMarkdown(text))])
        expect(url).toMatch(/^(https?:\/\/|mailto:|tel:)/);
    }),
    { numRuns: 300 },
  );
});
