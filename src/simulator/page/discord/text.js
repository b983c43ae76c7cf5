/** Discord's text as elements: escapes, code, bold, lists, links with labels, mentions, times. Text is always a text node. */
import { h, safeUrl } from "../dom.js";

/** `names`: {user(id), channel(id), me}. */
export function drawText(text, names) {
  const parts = [];
  const fence = /```(?:(\w+)\n)?([\s\S]*?)```/g;
  let at = 0;
  for (const match of text.matchAll(fence)) {
    parts.push(...lines(text.slice(at, match.index), names));
    parts.push(h("pre", { class: "code" }, match[2].replace(/^\n|\n$/g, "")));
    at = match.index + match[0].length;
  }
  parts.push(...lines(text.slice(at), names));
  return parts;
}

function lines(text, names) {
  return text
    .replace(/^\n|\n$/g, "")
    .split("\n")
    .flatMap((line, _, all) => {
      if (line === "" && all.length === 1) return [];
      const heading = /^(#{1,3}) (.+)$/.exec(line);
      if (heading) return [h(`h${heading[1].length + 2}`, {}, inline(heading[2], names))];
      const small = /^-# (.+)$/.exec(line);
      if (small) return [h("div", { class: "small" }, inline(small[1], names))];
      const item = /^(\s*)[-*] (.+)$/.exec(line);
      if (item) return [h("div", { class: item[1] === "" ? "item" : "item deep" }, "• ", inline(item[2], names))];
      const quote = /^> (.*)$/.exec(line);
      if (quote) return [h("blockquote", {}, inline(quote[1], names))];
      return [h("div", { class: "line" }, line === "" ? "\u00a0" : inline(line, names))];
    });
}

/** What begins here, longest meaning first; null: one plain character. */
const RULES = [
  [/^\\([^A-Za-z0-9\s])/, ([, mark]) => mark],
  [/^`([^`]+)`/, ([, code]) => h("code", {}, code)],
  [/^\*\*(?=\S)([\s\S]*?\S)\*\*/, ([, inner], names) => h("strong", {}, inline(inner, names))],
  [/^__(?=\S)([\s\S]*?\S)__/, ([, inner], names) => h("u", {}, inline(inner, names))],
  [/^~~(?=\S)([\s\S]*?\S)~~/, ([, inner], names) => h("s", {}, inline(inner, names))],
  [/^\|\|([\s\S]+?)\|\|/, ([, inner], names) => h("span", { class: "spoiler", tabindex: "0" }, inline(inner, names))],
  [/^\*(?=\S)([^*]*[^*\s])\*/, ([, inner], names) => h("em", {}, inline(inner, names))],
  [/^_(?=\S)([^_]*[^_\s])_(?!\w)/, ([, inner], names) => h("em", {}, inline(inner, names))],
  [/^\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/, ([, label, url]) => link(url, label)],
  [
    /^<@!?(\d+)>/,
    ([, id], names) => h("span", { class: id === names.me ? "mention me" : "mention" }, `@${names.user(id)}`),
  ],
  [/^<#(\d+)>/, ([, id], names) => h("span", { class: "mention" }, `#${names.channel(id)}`)],
  [/^<t:(\d+)(?::(\w))?>/, ([, seconds, style]) => time(Number(seconds) * 1000, style)],
  [/^@(everyone|here)\b/, ([all]) => h("span", { class: "mention" }, all)],
  [/^https?:\/\/[^\s<>]+[^\s<>.,:;"')\]]/, ([url]) => link(url, url)],
];

function inline(text, names) {
  const parts = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const rule = RULES.find(([pattern]) => pattern.test(rest));
    if (rule === undefined) {
      plain += text[at];
      at++;
      continue;
    }
    const match = rule[0].exec(rest);
    const drawn = rule[1](match, names);
    if (typeof drawn === "string") plain += drawn;
    else {
      parts.push(plain, drawn);
      plain = "";
    }
    at += match[0].length;
  }
  return [...parts, plain].filter((part) => part !== "");
}

function link(url, label) {
  const safe = safeUrl(url);
  return safe === null ? label : h("a", { href: safe, target: "_blank", rel: "noreferrer noopener" }, label);
}

function time(ms, style) {
  const at = new Date(ms);
  const words =
    style === "R" ? relative(ms - Date.now()) : at.toLocaleString([], { dateStyle: "long", timeStyle: "short" });
  return h("time", { class: "stamp", title: at.toLocaleString() }, words);
}

function relative(ms) {
  const format = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, length] of [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
  ])
    if (Math.abs(ms) >= length) return format.format(Math.round(ms / length), unit);
  return format.format(Math.round(ms / 1000), "second");
}
