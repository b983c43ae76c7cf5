/** The rows of a conversation: messages, and what stands between them. */
import { h } from "../dom.js";

/** Days and "New" between the messages; short rows where one person goes on. */
export function withRules(messages, { inThread, newAfter, me }) {
  const rows = [];
  let day = "";
  let before = null;
  let marked = inThread || newAfter === "none";
  messages.forEach((message, index) => {
    const at = new Date(Number(message.ts) * 1000);
    const today = at.toLocaleDateString(undefined, { weekday: "long", month: "long", day: "numeric" });
    if (today !== day && !inThread) {
      const words = at.toDateString() === new Date().toDateString() ? "Today" : today;
      rows.push({ key: `day ${today}`, rule: words });
      before = null;
    }
    day = today;
    if (!marked && Number(message.ts) > Number(newAfter) && message.author.id !== me) {
      rows.push({ key: "new", rule: "New", fresh: true });
      marked = true;
      before = null;
    }
    const follows =
      before !== null &&
      before.author.id === message.author.id &&
      !message.ephemeral &&
      !before.ephemeral &&
      Number(message.ts) - Number(before.ts) < 300;
    rows.push({ key: `message ${message.ts}`, ...message, follows, mine: message.author.id === me });
    if (inThread && index === 0 && messages.length > 1) {
      const replies = messages.length - 1;
      rows.push({ key: "replies", rule: `${replies} ${replies === 1 ? "reply" : "replies"}`, left: true });
      before = null;
    } else before = message;
  });
  return rows;
}

export const drawRule = ({ rule, fresh, left }) =>
  h("div", { class: `rule${fresh ? " fresh" : ""}${left ? " left" : ""}`, role: "separator" }, h("span", {}, rule));
