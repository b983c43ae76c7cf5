/** Puts the panes side by side and says who sits before them. A pane is `./NAME/pane.js` (../README.md, "Panes"). */
import { h } from "./dom.js";

const PEOPLE = [
  { id: "ana", name: "Ana" },
  { id: "bob", name: "Bob" },
];
const bar = {
  panes: document.querySelector(".bar-panes"),
  live: document.querySelector(".bar-live"),
  people: document.querySelector(".switch"),
};
const listeners = new Set();
const counts = new Map();
let person = PEOPLE.some(({ id }) => id === location.hash.slice(1)) ? location.hash.slice(1) : "ana";

function drawPeople() {
  bar.people.replaceChildren(
    ...PEOPLE.map(({ id, name }) => {
      const unread = [...counts.values()].reduce((sum, of) => sum + (of[id] ?? 0), 0);
      return h(
        "button",
        { type: "button", "aria-pressed": String(id === person), dataset: { person: id }, onclick: () => become(id) },
        `${name}`,
        unread > 0 && id !== person && h("span", { class: "count", "aria-label": `${unread} unread` }, String(unread)),
      );
    }),
  );
}

function become(id) {
  if (id === person) return;
  person = id;
  history.replaceState(null, "", `#${id}`);
  drawPeople();
  for (const tell of listeners) tell(id);
}

/** What a pane gets. */
function hostOf(name) {
  const ask = async (path, init) => {
    const response = await fetch(`${name}/${path}`, init);
    const body = await response.json();
    if (!response.ok) throw new Error(body.error ?? response.statusText);
    return body;
  };
  return {
    person: () => person,
    people: PEOPLE,
    onPerson: (tell) => listeners.add(tell),
    get: (path, query = {}) => ask(`${path}?${new URLSearchParams(query)}`),
    post: (path, body = {}) =>
      ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    /** Calls at once and after every change, one call at a time. */
    changes(refresh) {
      let running = false;
      let again = false;
      const run = async () => {
        again = true;
        if (running) return;
        running = true;
        while (again) {
          again = false;
          await refresh().catch((thrown) => console.error(thrown));
        }
        running = false;
      };
      const listen = () => {
        const source = new EventSource(`${name}/changes`);
        source.onmessage = run;
        source.onopen = () => {
          live(name, true);
          void run();
        };
        source.onerror = () => {
          live(name, false);
          // The browser gives up for good on any other answer than a stream, as it gets while the bot starts.
          if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
        };
      };
      listen();
      void run();
      return run;
    },
    /** How much each person has not seen: `{ana: 2}`. */
    unread(of) {
      counts.set(name, of);
      drawPeople();
    },
  };
}

const lost = new Set();
function live(name, connected) {
  if (connected) lost.delete(name);
  else lost.add(name);
  bar.live.textContent = lost.size === 0 ? "" : "The bot does not answer. Waiting for it …";
}

async function start() {
  drawPeople();
  const panes = await (await fetch("panes")).json();
  const main = document.querySelector(".panes");
  for (const { name, title } of panes) {
    const root = h("section", { class: `pane pane-${name}`, "aria-label": title, dataset: { pane: name } });
    main.append(root);
    if (panes.length > 1) {
      const toggle = h("button", { type: "button", "aria-pressed": "true" }, title);
      toggle.addEventListener("click", () => {
        root.hidden = !root.hidden;
        toggle.setAttribute("aria-pressed", String(!root.hidden));
      });
      bar.panes.append(toggle);
    }
    const { mount } = await import(`./${name}/pane.js`);
    mount(root, hostOf(name));
  }
}

await start();
