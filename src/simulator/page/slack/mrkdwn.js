/**
 * Slack's mrkdwn and the Markdown of `markdown` blocks, read into a small tree. One reader for the page, which makes elements of
 * it, and for the simulator, which makes plain text. Nothing here makes HTML: what cannot be read as markup stays text.
 *
 * @typedef {{type: "text", text: string} | {type: "bold"|"italic"|"strike", nodes: Node[]} | {type: "code"|"pre", text: string}
 *   | {type: "quote", nodes: Node[]} | {type: "link", url: string, nodes: Node[]} | {type: "user"|"channel"|"broadcast", id: string, label: string|null}
 *   | {type: "emoji", name: string} | {type: "break"} | {type: "heading", level: number, nodes: Node[]} | {type: "item", marker: string, depth: number, nodes: Node[]}} Node
 */

const unescapeText = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** @returns {Node[]} */
export function parseMrkdwn(text) {
  return blocksOf(text, (line) => inlineMrkdwn(line), /^&gt; ?|^> ?/);
}

/** @returns {Node[]} */
export function parseMarkdown(text) {
  return tight(blocksOf(text, (line) => inlineMarkdown(line), /^> ?/, true));
}

/** A heading, a list, code or a quote ends its line itself: a line's end or an empty line after it adds nothing. */
function tight(nodes) {
  const own = (node) => ["heading", "item", "pre", "quote"].includes(node?.type);
  let after = false;
  return nodes.filter((node) => {
    const drop = node.type === "break" && after;
    if (node.type !== "break") after = own(node);
    return !drop;
  });
}

function blocksOf(text, inline, quote, markdown = false) {
  const nodes = [];
  const parts = text.split(/```/);
  parts.forEach((part, index) => {
    if (index % 2 === 1 && index < parts.length - 1) {
      const code = markdown ? part.replace(/^[\w+-]*\n/, "") : part.replace(/^\n/, "");
      nodes.push({ type: "pre", text: markdown ? code.replace(/\n$/, "") : unescapeText(code.replace(/\n$/, "")) });
      return;
    }
    const body = index % 2 === 1 ? `\`\`\`${part}` : index > 0 ? part.replace(/^\n/, "") : part;
    linesInto(nodes, body, inline, quote, markdown);
  });
  return nodes;
}

function linesInto(nodes, body, inline, quote, markdown) {
  if (body === "") return;
  const lines = body.split("\n");
  let quoted = [];
  const endQuote = () => {
    if (quoted.length > 0) nodes.push({ type: "quote", nodes: linked(quoted.map(inline)) });
    quoted = [];
  };
  lines.forEach((line, index) => {
    if (quote.test(line)) {
      quoted.push(line.replace(quote, ""));
      return;
    }
    endQuote();
    const heading = markdown ? /^(#{1,6})\s+(.*)$/.exec(line) : null;
    const item = markdown ? /^(\s*)([-*+]|\d+[.)])\s+(.*)$/.exec(line) : null;
    if (heading) nodes.push({ type: "heading", level: heading[1].length, nodes: inline(heading[2]) });
    else if (item) {
      const marker = /\d/.test(item[2]) ? item[2] : "•";
      nodes.push({ type: "item", marker, depth: Math.floor(item[1].length / 2), nodes: inline(item[3]) });
    } else {
      nodes.push(...inline(line));
      if (index < lines.length - 1) nodes.push({ type: "break" });
    }
  });
  endQuote();
}

const linked = (lines) => lines.flatMap((line, index) => (index === 0 ? line : [{ type: "break" }, ...line]));

/** Marks count only at the edges of words, as in Slack: `snake_case` and `2*3*4` stay. */
const EDGE_BEFORE = /[\s([{"'.,;:!?*_~\-–—/|>]/;
const EDGE_AFTER = /[\s)\]}"'.,;:!?*_~\-–—/|<]/;
const MARKS = { "*": "bold", _: "italic", "~": "strike" };

function inlineMrkdwn(text) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain !== "") nodes.push({ type: "text", text: unescapeText(plain) });
    plain = "";
  };
  const add = (node) => {
    flush();
    nodes.push(node);
  };
  for (let at = 0; at < text.length; ) {
    const char = text[at];
    const before = at === 0 ? " " : text[at - 1];
    if (char === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > at + 1) {
        add({ type: "code", text: unescapeText(text.slice(at + 1, end)) });
        at = end + 1;
        continue;
      }
    }
    if (char === "<") {
      const end = text.indexOf(">", at + 1);
      const node = end < 0 ? null : control(text.slice(at + 1, end));
      if (node !== null) {
        add(node);
        at = end + 1;
        continue;
      }
    }
    if (MARKS[char] !== undefined && EDGE_BEFORE.test(before)) {
      const end = closing(text, char, at);
      if (end > 0) {
        add({ type: MARKS[char], nodes: inlineMrkdwn(text.slice(at + 1, end)) });
        at = end + 1;
        continue;
      }
    }
    const emoji = char === ":" ? /^:([a-z0-9_+'-]+):/.exec(text.slice(at, at + 60)) : null;
    if (emoji !== null && !/^\d+$/.test(emoji[1])) {
      add({ type: "emoji", name: emoji[1] });
      at += emoji[0].length;
      continue;
    }
    plain += char;
    at++;
  }
  flush();
  return nodes;
}

function closing(text, mark, from) {
  if (text[from + 1] === undefined || /\s/.test(text[from + 1]) || text[from + 1] === mark) return -1;
  for (let at = from + 2; at < text.length; at++) {
    if (text[at] !== mark || /\s/.test(text[at - 1])) continue;
    const after = text[at + 1];
    if (after === undefined || EDGE_AFTER.test(after)) return at;
  }
  return -1;
}

/** What stands between `<` and `>`; null: nothing Slack knows. */
function control(body) {
  const [target, label = null] = split(body);
  const words = label === null ? null : unescapeText(label);
  if (target.startsWith("@")) return { type: "user", id: target.slice(1), label: words };
  if (target.startsWith("#")) return { type: "channel", id: target.slice(1), label: words };
  if (target.startsWith("!date^")) return { type: "text", text: words ?? target };
  if (/^!(channel|here|everyone)$/.test(target)) return { type: "broadcast", id: target.slice(1), label: words };
  if (target.startsWith("!")) return { type: "text", text: words ?? target };
  if (/^(https?:\/\/|mailto:|tel:)/.test(target)) {
    const url = unescapeText(target);
    return { type: "link", url, nodes: [{ type: "text", text: words ?? url }] };
  }
  return null;
}

function split(body) {
  const bar = body.indexOf("|");
  return bar < 0 ? [body] : [body.slice(0, bar), body.slice(bar + 1)];
}

const MARKDOWN =
  /(`+)([^`]+?)\1|\*\*(.+?)\*\*|__(.+?)__|~~(.+?)~~|\*(\S(?:.*?\S)?)\*|(?<![\w])_(\S(?:.*?\S)?)_(?![\w])|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>)]+)|\\([\\`*_{}[\]()#+\-.!~>])/;

function inlineMarkdown(text) {
  const nodes = [];
  let rest = text;
  while (rest !== "") {
    const match = MARKDOWN.exec(rest);
    if (match === null) break;
    if (match.index > 0) nodes.push({ type: "text", text: rest.slice(0, match.index) });
    const [whole, , code, strong, strong2, strike, em, em2, label, url, bare, literal] = match;
    if (code !== undefined) nodes.push({ type: "code", text: code });
    else if ((strong ?? strong2) !== undefined) nodes.push({ type: "bold", nodes: inlineMarkdown(strong ?? strong2) });
    else if (strike !== undefined) nodes.push({ type: "strike", nodes: inlineMarkdown(strike) });
    else if ((em ?? em2) !== undefined) nodes.push({ type: "italic", nodes: inlineMarkdown(em ?? em2) });
    else if (url !== undefined) nodes.push({ type: "link", url, nodes: inlineMarkdown(label) });
    else if (bare !== undefined) nodes.push({ type: "link", url: bare, nodes: [{ type: "text", text: bare }] });
    else nodes.push({ type: "text", text: literal });
    rest = rest.slice(match.index + whole.length);
  }
  if (rest !== "") nodes.push({ type: "text", text: rest });
  return nodes;
}

/** `names` turns ids into names: `{user(id), channel(id)}`. */
export const plainMrkdwn = (text, names) => plainNodes(parseMrkdwn(text), names);
export const plainMarkdown = (text) =>
  plainNodes(parseMarkdown(text), { user: (id) => id, channel: (id) => id }).trim();

function plainNodes(nodes, names) {
  return nodes
    .map((node) => {
      switch (node.type) {
        case "text":
        case "code":
          return node.text;
        case "pre":
          return `${node.text}\n`;
        case "break":
          return "\n";
        case "user":
          return `@${names.user(node.id)}`;
        case "channel":
          return `#${node.label ?? names.channel(node.id)}`;
        case "broadcast":
          return `@${node.id}`;
        case "emoji":
          return `:${node.name}:`;
        case "heading":
          return `${plainNodes(node.nodes, names)}\n`;
        case "item":
          return `${"  ".repeat(node.depth)}${node.marker} ${plainNodes(node.nodes, names)}\n`;
        case "quote":
          return `${plainNodes(node.nodes, names)}\n`;
        default:
          return plainNodes(node.nodes, names);
      }
    })
    .join("");
}
