/** Draws what the bot tells of its runs, questions and deliveries, as it comes. Read only. */
import { h, keyed } from "./dom.js";

const KEY = "factory-live-token";
const AGAIN_MS = 1_000;
const part = (name) => document.querySelector(`.${name}`);
const link = part("link");

/** The token comes behind the #, and leaves the address at once: it is for this browser window, not for a bookmark or a picture. */
function token() {
  const given = location.hash.slice(1);
  if (given !== "") {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

const time = (ms) => {
  const at = new Date(ms);
  const today = at.toDateString() === new Date().toDateString();
  const shown = at.toLocaleString([], { ...(today ? {} : { dateStyle: "short" }), timeStyle: "medium" });
  return h("time", { datetime: at.toISOString(), title: at.toLocaleString() }, shown);
};
const badge = (status) => h("span", { class: `badge ${status}` }, status);
/** Places begin with their channel. */
const whereOf = (channel, place) => [
  `${channel} `,
  h("span", { class: "dim" }, place.startsWith(`${channel}:`) ? place.slice(channel.length + 1) : place),
];
const nothing = (words) => h("p", { class: "nothing" }, words);

function list(name, items, keyOf, draw, empty) {
  const element = part(name);
  if (items.length === 0) return element.replaceChildren(nothing(empty));
  for (const left of element.querySelectorAll(":scope > .nothing")) left.remove();
  keyed(element, items, keyOf, draw);
}

const waits = {
  approval: ({ question }) => `an answer to “${question}”`,
  wait: ({ until }) => ["until ", time(until)],
  job: () => "an agent’s work",
  event: ({ name }) => `the event ${name}`,
  run: ({ runId }) => `the run ${runId}`,
};

function drawRun({ runId, title, workflow, status, startedBy, startedAt, endedAt, nodes, waitingFor, error }) {
  return h(
    "article",
    { class: `run ${status}`, "aria-label": title },
    h(
      "header",
      {},
      badge(status),
      h("strong", {}, title),
      title !== workflow && h("span", { class: "dim" }, workflow),
      h("span", { class: "dim id" }, runId),
    ),
    h("p", { class: "dim" }, `started by ${startedBy}, `, time(startedAt), endedAt !== null && [" – ", time(endedAt)]),
    nodes.length > 0 &&
      h(
        "ol",
        { class: "nodes", "aria-label": "Nodes" },
        nodes.map((node) =>
          h(
            "li",
            {
              class: `node ${node.status}`,
              title: `${node.type}, ${node.status}${node.error ? `: ${node.error}` : ""}`,
            },
            node.id,
            node.attempt > 1 && h("small", {}, ` ×${node.attempt}`),
          ),
        ),
      ),
    waitingFor.length > 0 &&
      h(
        "ul",
        { class: "waits" },
        waitingFor.map((wait) => h("li", {}, "waits for ", (waits[wait.kind] ?? (() => wait.kind))(wait))),
      ),
    error !== null && h("p", { class: "error" }, error),
  );
}

function drawQuestion({ question, options, workflow, runId, requestedBy, approvers, quorum, votes, copies, ...rest }) {
  return h(
    "article",
    { class: "question", "aria-label": question },
    h(
      "header",
      {},
      h("strong", {}, question),
      h("span", { class: "dim" }, options.join(" / ")),
      rest.tier !== "low" && badge(rest.tier),
    ),
    h(
      "p",
      { class: "dim" },
      `${workflow ?? "no run"}${runId === null ? "" : ` · run ${runId}`} · asked by ${requestedBy} of ${approvers.join(", ")}, `,
      time(rest.createdAt),
      quorum > 1 && ` · ${votes}/${quorum} votes`,
      rest.expiresAt !== null && [" · expires ", time(rest.expiresAt)],
    ),
    h(
      "ul",
      { class: "copies" },
      copies.map(({ channel, place, status, error }) =>
        h("li", { title: error ?? place }, badge(status), whereOf(channel, place)),
      ),
    ),
  );
}

function drawDelivery({ channel, place, kind, status, attempts, error, runId, createdAt }) {
  return h(
    "article",
    { class: "delivery" },
    badge(status),
    h("span", {}, `${kind} → `, whereOf(channel, place)),
    runId !== null && h("span", { class: "dim id" }, `run ${runId}`),
    attempts > 0 && h("span", { class: "dim" }, `tried ${attempts}×`),
    h("span", { class: "dim" }, time(createdAt)),
    error !== null && h("span", { class: "error" }, error),
  );
}

function drawState({ gateways, troubles }) {
  const channels = gateways.flatMap(({ gatewayId, channels: all, failures }) =>
    Object.entries(all)
      .filter(([, state]) => state !== "off")
      .map(([channel, state]) => ({
        key: `${gatewayId}/${channel}`,
        ...{ channel, state, why: failures.find((failure) => failure.channel === channel)?.message ?? "" },
      })),
  );
  keyed(
    part("channels"),
    channels,
    ({ key }) => key,
    ({ channel, state, why }) => h("li", { class: `channel ${state}`, title: why }, `${channel} ${state}`),
  );
  const element = part("troubles");
  element.hidden = troubles.length === 0;
  element.replaceChildren(
    ...troubles.map(({ what, cause, remedy, since }) =>
      h("p", {}, h("strong", {}, what), ` – ${cause}. `, h("span", { class: "dim" }, remedy, ", since "), time(since)),
    ),
  );
}

const draw = {
  runs: (runs) => list("runs", runs, ({ runId }) => runId, drawRun, "No run yet."),
  questions: (all) =>
    list("questions", all, ({ approvalId }) => approvalId, drawQuestion, "Nothing waits for anybody."),
  deliveries: (all) => list("deliveries", all, ({ deliveryId }) => deliveryId, drawDelivery, "Nothing was said yet."),
  state: drawState,
};

/** One connection until it ends; true: it may be tried again. */
async function listen(secret) {
  const response = await fetch("live/events", { headers: { authorization: `Bearer ${secret}` } });
  if (!response.ok) {
    const { error } = await response.json();
    link.textContent = `${error.message}: ${error.remedy}`;
    return response.status !== 401;
  }
  link.textContent = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return true;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const found = /^event: (\w+)\ndata: (.*)$/s.exec(event);
      if (found !== null) draw[found[1]]?.(JSON.parse(found[2]));
    }
  }
}

async function start() {
  const secret = token();
  if (secret === null) {
    link.textContent = "This page needs the whole address that “factory live” prints.";
    return;
  }
  for (;;) {
    const again = await listen(secret).catch(() => true);
    if (!again) return;
    link.textContent ||= "The bot does not answer. Waiting for it …";
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

addEventListener("hashchange", () => location.reload());
await start();
