import { describe, expect, test } from "vitest";
import { isBody } from "../../src/contract/untrusted.ts";
import { CARD, CARDS, HOSTILE, MESSAGES } from "../../test/contracts/messages.ts";
import { createDiscordSpecCheck } from "../../test/discord_spec.ts";
import fc from "../../test/property.ts";
import { parseCustomId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { escaped, fenced, fromMarkdown } from "./markdown.ts";
import { renderMessage } from "./render.ts";
import { formModal, type Modal, reasonModal, runModal, textModal } from "./render_modal.ts";
import { bodyOf } from "./rest.ts";

const check = createDiscordSpecCheck();
const POST = "POST /channels/{channel_id}/messages";
const CALLBACK = "POST /interactions/{interaction_id}/{interaction_token}/callback";
const problems = (modal: Modal | null) => check(CALLBACK, { type: 9, data: modal });

describe("each card and each message, as Discord's specification allows it", () => {
  test.each(Object.entries(CARDS))("card: %s", (_, card) => {
    const [content] = renderMessage({ kind: "card", card });
    expect(content).toMatchSnapshot();
    expect(check(POST, bodyOf(content!))).toEqual([]);
  });
  test.each(Object.entries(MESSAGES))("%s", (_, message) => {
    const parts = renderMessage(message);
    expect(parts).toMatchSnapshot();
    for (const content of parts) expect(check(POST, bodyOf(content))).toEqual([]);
  });
  test("windows", () => {
    const form = formModal(CARDS["a form"]!, "5");
    const inputs =
      '{"properties":{"version":{"type":"string"},"where":{"enum":["staging","production"]}},"required":["version"]}';
    const run = runModal(
      { name: "deploy", title: "Deploy something with a title that is long", description: null, inputs },
      "5",
    );
    const all = {
      "a reason": reasonModal({ approvalId: "a1", option: "no" }, true, CARD.question, "5"),
      "a reason, if wanted": reasonModal({ approvalId: "a1", option: "no" }, false, null, "5"),
      words: textModal("a1", CARD.question, "5"),
      "a form": form,
      "a workflow's inputs": run,
    };
    for (const [name, modal] of Object.entries(all)) {
      expect(modal).toMatchSnapshot(name);
      expect(problems(modal)).toEqual([]);
    }
  });
});

/** Every text that Discord reads marks in. Labels, titles of modals, footers and custom ids are plain. */
function markups(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markups);
  if (!isBody(value)) return [];
  const own = [value.content, value.description, value.title].filter((one) => typeof one === "string");
  return [...own, ...markups(value.embeds)];
}

/** What a client would make of it: code blocks and escapes taken away, nothing that does something may be left. */
function active(markup: string): string[] {
  const outside = markup
    .replaceAll(/```[\s\S]*?```/g, "")
    .replaceAll(/(?<!\\)`[^`\n]*`/g, "")
    .replaceAll(/<t:\d+:[fR]>/g, "");
  const unescaped = outside.replaceAll(/\\[\s\S]/g, "");
  return unescaped.match(/<[@#!:/]|<a:|\]\(|@everyone|@here|\|\|/g) ?? [];
}

describe("G6: untrusted text", () => {
  const parts = [
    "<@1>",
    "<@!1>",
    "<@&1>",
    "<#1>",
    "@everyone",
    "@here",
    "[a](https://e.example)",
    "```",
    "`",
    "||x||",
    "\\",
    "**",
    "\n# x",
    "\n> y",
    "<t:1:R>",
    "<:a:1>",
    "</x:1>",
    "-# z",
  ];
  const hostile = fc
    .array(fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom(HOSTILE, ...parts)), { maxLength: 8 })
    .map((all) => all.join(""));

  test("becomes no link with a label, no mention and no spoiler on any card or message", () => {
    fc.assert(
      fc.property(hostile, (words) => {
        const card = {
          ...CARD,
          question: words,
          context: words,
          payload: JSON.stringify({ [words]: words }),
          options: ["yes", "no"],
        };
        const ended = {
          ...card,
          status: "answered" as const,
          outcomeLine: words,
          outcome: { option: "yes", by: words, channel: "sms", at: 1, reason: words },
        };
        const list = {
          kind: "list" as const,
          title: words,
          items: [{ key: words, text: words, detail: words }],
          empty: words,
        };
        const progress = {
          kind: "progress" as const,
          runId: "r1",
          title: words,
          status: "failed" as const,
          nodes: [{ id: words, status: "failed", note: words }],
          elapsedMs: 1,
        };
        for (const message of [{ kind: "card" as const, card }, { kind: "card" as const, card: ended }, list, progress])
          for (const content of renderMessage(message)) {
            for (const markup of markups(content)) expect(active(markup)).toEqual([]);
            expect(bodyOf(content).allowed_mentions).toEqual({ parse: [], replied_user: false });
          }
      }),
      { numRuns: 200 },
    );
  });

  test("in a reply nothing pings, hides or hides an address, and code stays as it is", () => {
    fc.assert(
      fc.property(hostile, (words) => {
        const outside = fromMarkdown(words)
          .split(/```/)
          .filter((_, index) => index % 2 === 0)
          .join("");
        expect(
          outside.replaceAll(/(?<!`)(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, "").match(/(?<!\\)<[@#]|@everyone|@here|\]\(/g) ??
            [],
        ).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(fromMarkdown("`a<@1>` **b** <@1>")).toBe("`a<@1>` **b** \\<@1>");
    expect(fromMarkdown("```ts\nconst a = '[x](y)';\n```")).toBe("```ts\nconst a = '[x](y)';\n```");
  });

  test("reads as it was written", () => {
    const shown = (text: string) =>
      escaped(text)
        .replaceAll(/\\([^A-Za-z0-9\s])/g, "$1")
        .replaceAll("\u200b", "");
    fc.assert(
      fc.property(fc.string(), (words) => {
        expect(shown(words)).toBe(words);
      }),
      { numRuns: 200 },
    );
  });

  test("no fence inside ends a code block", () => {
    fc.assert(
      fc.property(hostile, (words) => {
        expect(fenced(words).slice(4, -4)).not.toContain("```");
        expect(fenced(words).match(/```/g)).toHaveLength(2);
      }),
      { numRuns: 200 },
    );
  });
});

describe("limits", () => {
  test("a settled card tells its outcome, however much had to be escaped", () => {
    const marks = "`*_".repeat(1_000);
    const outcome = { option: "no", by: "Ana", channel: "sms", at: 1, reason: marks };
    const card = {
      ...CARD,
      question: marks,
      payload: JSON.stringify(marks),
      status: "answered" as const,
      outcome,
      outcomeLine: "Denied by Ana",
    };
    const [content] = renderMessage({ kind: "card", card });
    expect(content!.embeds[0]!.description).toContain("Denied by Ana");
    expect(check(POST, bodyOf(content!))).toEqual([]);
  });

  test("cards of any size fit, and every button's id leads back to its option", () => {
    const option = fc.string({ minLength: 1, maxLength: 60 }).filter((one) => one.trim() !== "");
    const long = fc.string({ maxLength: 6_000 });
    fc.assert(
      fc.property(fc.uniqueArray(option, { maxLength: 25 }), long, long, (options, question, payload) => {
        const card = {
          ...CARD,
          approvalId: "k".repeat(32),
          options,
          question,
          context: question,
          payload: JSON.stringify(payload),
          code: "4K",
        };
        const [content] = renderMessage({ kind: "card", card });
        expect(check(POST, bodyOf(content!))).toEqual([]);
        expect(JSON.stringify(content!.embeds).length).toBeLessThan(LIMITS.embeds * 2);
        const embed = content!.embeds[0]!;
        const counted =
          (embed.title?.length ?? 0) + (embed.description?.length ?? 0) + (embed.footer?.text.length ?? 0);
        expect(counted).toBeLessThanOrEqual(LIMITS.embeds);
        const all = content!.components.flatMap(
          (row) => row.components as { custom_id: string; options?: { value: string }[] }[],
        );
        const ids = all.flatMap((one) => one.options?.map(({ value }) => value) ?? [one.custom_id]).map(parseCustomId);
        const answers = ids.filter((one) => one !== null && ["answer", "reason", "demand"].includes(one.kind));
        expect(answers.map((one) => one!.option)).toEqual(options);
      }),
      { numRuns: 60 },
    );
  });

  test("an option that does not fit into an id is named by its number", () => {
    const options = ["x".repeat(90), "short"];
    const [content] = renderMessage({ kind: "card", card: { ...CARD, approvalId: "k".repeat(32), options } });
    const ids = content!.components[0]!.components.map((one) =>
      parseCustomId((one as { custom_id: string }).custom_id),
    );
    expect(ids.map((one) => one!.option)).toEqual(["1", "short"]);
  });
});
