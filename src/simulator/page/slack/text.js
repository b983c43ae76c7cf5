/** The reader's tree as elements. */
import { h, safeUrl } from "../dom.js";
import { parseMarkdown, parseMrkdwn } from "./mrkdwn.js";

const EMOJI = {
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  x: "❌",
  no_entry: "⛔",
  no_entry_sign: "🚫",
  warning: "⚠️",
  hourglass: "⌛",
  hourglass_flowing_sand: "⏳",
  alarm_clock: "⏰",
  rocket: "🚀",
  eyes: "👀",
  tada: "🎉",
  thumbsup: "👍",
  "+1": "👍",
  thumbsdown: "👎",
  "-1": "👎",
  red_circle: "🔴",
  large_green_circle: "🟢",
  large_yellow_circle: "🟡",
  large_blue_circle: "🔵",
  white_circle: "⚪",
  black_circle: "⚫",
  question: "❓",
  grey_question: "❔",
  bell: "🔔",
  lock: "🔒",
  memo: "📝",
  gear: "⚙️",
  arrows_counterclockwise: "🔄",
  double_vertical_bar: "⏸️",
  black_square_for_stop: "⏹️",
  fast_forward: "⏩",
  information_source: "ℹ️",
  wave: "👋",
  smile: "😄",
  heart: "❤️",
};
export const emoji = (name) => EMOJI[name] ?? `:${name}:`;

export const mrkdwn = (text, names) => drawNodes(parseMrkdwn(text ?? ""), names);
export const markdown = (text, names) => drawNodes(parseMarkdown(text ?? ""), names);

/** A text object of Block Kit. */
export function textObject(object, names) {
  if (object === undefined || object === null) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return lines(object.emoji === false ? object.text : withEmoji(object.text));
}

const withEmoji = (text) => text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => EMOJI[name] ?? whole);
const lines = (text) => text.split("\n").flatMap((line, index) => (index === 0 ? [line] : [h("br"), line]));

function drawNodes(nodes, names) {
  return nodes.map((node) => {
    switch (node.type) {
      case "text":
        return node.text;
      case "bold":
        return h("b", {}, drawNodes(node.nodes, names));
      case "italic":
        return h("i", {}, drawNodes(node.nodes, names));
      case "strike":
        return h("s", {}, drawNodes(node.nodes, names));
      case "code":
        return h("code", {}, node.text);
      case "pre":
        return h("pre", {}, node.text);
      case "quote":
        return h("blockquote", {}, drawNodes(node.nodes, names));
      case "break":
        return h("br");
      case "heading":
        return h("div", { class: "md-heading" }, drawNodes(node.nodes, names));
      case "item":
        return h(
          "div",
          { class: `md-item depth-${Math.min(node.depth, 3)}` },
          h("span", {}, node.marker),
          h("div", {}, drawNodes(node.nodes, names)),
        );
      case "emoji":
        return emoji(node.name);
      case "user":
        return h("span", { class: node.id === names.me ? "mention me" : "mention" }, `@${names.user(node.id)}`);
      case "channel":
        return h("span", { class: "mention" }, `#${node.label ?? names.channel(node.id)}`);
      case "broadcast":
        return h("span", { class: "mention me" }, `@${node.id}`);
      default:
        return link(node.url, drawNodes(node.nodes, names));
    }
  });
}

export function link(url, words) {
  const safe = safeUrl(url);
  return safe === null
    ? h("span", {}, words)
    : h("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, words);
}

/** The blocks that Slack's own composer makes. */
export function richText(elements, names) {
  return (elements ?? []).map((element) => {
    const style = element.style ?? {};
    const styled = (words) => {
      let drawn = words;
      if (style.code) drawn = h("code", {}, drawn);
      if (style.bold) drawn = h("b", {}, drawn);
      if (style.italic) drawn = h("i", {}, drawn);
      if (style.strike) drawn = h("s", {}, drawn);
      return drawn;
    };
    switch (element.type) {
      case "text":
        return lines(element.text).map((part) => (typeof part === "string" ? styled(part) : part));
      case "link":
        return link(element.url, element.text ?? element.url);
      case "emoji":
        return emoji(element.name);
      case "user":
        return h(
          "span",
          { class: element.user_id === names.me ? "mention me" : "mention" },
          `@${names.user(element.user_id)}`,
        );
      case "channel":
        return h("span", { class: "mention" }, `#${names.channel(element.channel_id)}`);
      case "broadcast":
        return h("span", { class: "mention me" }, `@${element.range}`);
      case "rich_text_preformatted":
        return h("pre", {}, richText(element.elements, names));
      case "rich_text_quote":
        return h("blockquote", {}, richText(element.elements, names));
      case "rich_text_list":
        return h(
          element.style === "ordered" ? "ol" : "ul",
          {},
          element.elements.map((item) => h("li", {}, richText(item.elements, names))),
        );
      default:
        return h("span", {}, richText(element.elements, names));
    }
  });
}
