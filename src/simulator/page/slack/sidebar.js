/** The list of channels and apps, with what is unread. */
import { h, keyed } from "../dom.js";

/** `element` holds the list; `open(id)` goes there. */
export function sidebarRows(element, workspace, current, open) {
  const row = (channel) => ({
    id: channel.id,
    label: channel.kind === "im" ? workspace.app.name : (channel.name ?? channel.id),
    sign: channel.kind === "im" ? "◆" : "#",
    unread: channel.id === current ? 0 : channel.unread,
    current: channel.id === current,
  });
  const isDm = (channel) => channel.kind === "im";
  const rows = [
    { id: "channels", heading: "Channels" },
    ...workspace.channels.filter((channel) => !isDm(channel)).map(row),
    { id: "apps", heading: "Apps" },
    ...workspace.channels.filter(isDm).map(row),
  ];
  keyed(
    element,
    rows,
    ({ id }) => id,
    (item) => (item.heading === undefined ? entry(item, open) : h("h3", {}, item.heading)),
  );
}

const entry = ({ id, label, sign, unread, current }, open) =>
  h(
    "div",
    { role: "listitem" },
    h(
      "button",
      {
        type: "button",
        class: unread > 0 ? "channel unread" : "channel",
        "aria-current": current ? "page" : null,
        dataset: { channel: id },
        onclick: () => open(id),
      },
      h("span", { class: "sign" }, sign),
      h("span", { class: "name" }, label),
      unread > 0 && h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread)),
    ),
  );
