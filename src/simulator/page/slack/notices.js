/** Short words above the composer about something that did not work. */
import { h } from "../dom.js";

export function createNotices() {
  const element = h("p", { class: "notice", role: "alert", hidden: true });
  return {
    element,
    say(words) {
      element.textContent = words;
      element.hidden = false;
    },
    clear() {
      element.hidden = true;
    },
  };
}
