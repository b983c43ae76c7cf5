/** Buttons, selects and submitted modals. Pure. They carry ids; the backend decides what they mean. */
import { createHash } from "node:crypto";
import type { InboundAction, InboundEvent } from "../../src/contract/inbound.ts";
import { type Body, bodyAt, listAt, parseJson, textAt } from "../../src/contract/untrusted.ts";
import { readFields } from "./form.ts";
import { type AnswerIds, actionKind, channelPlace, handleOf, MODALS, msOf, parseAnswerValue } from "./ids.ts";
import { ignored, type Parsed, type Self } from "./parse.ts";
import type { ModalWhere } from "./render_modal.ts";

export function parseBlockAction(body: Body, self: Self, now: number): Parsed {
  const action = bodyAt(listAt(body, "actions")[0]);
  const kind = actionKind(textAt(action, "action_id") ?? "");
  const user = textAt(body, "user", "id");
  if (kind === null || user === null) return ignored("a button of something else");
  const handle = handleOf(textAt(body, "team", "id") ?? textAt(body, "user", "team_id") ?? self.team, user);
  const triggerId = textAt(body, "trigger_id");
  const where = whereOf(body, handle);
  const value = textAt(action, "value") ?? textAt(action, "selected_option", "value") ?? "";
  const question = textAt(questionOf(body), "text", "text");

  const answer = (ids: AnswerIds): Parsed => {
    const event: InboundAction = {
      kind: "action",
      channel: "slack",
      eventId: pressId(body, action, user, now),
      place: where.place,
      threadKey: null,
      private: where.private,
      sender: { handle, displayName: textAt(body, "user", "username") ?? textAt(body, "user", "name") },
      sentAt: timeOf(action, now),
      ...ids,
      reason: null,
      fields: null,
    };
    return { kind: "event", event };
  };
  const modal = (request: Extract<Parsed, { kind: "modal" }>["modal"]): Parsed =>
    triggerId === null ? ignored("a button without a trigger") : { kind: "modal", modal: request, triggerId, handle };

  switch (kind) {
    case "answer":
    case "reason":
    case "demand":
    case "choose": {
      // A select has one action for all its options; what each does stands before its ids.
      const [, chosen, rest] = kind === "choose" ? (/^(answer|reason|demand)\.([\s\S]*)$/.exec(value) ?? []) : [];
      const ids = parseAnswerValue(rest ?? value);
      const does = chosen ?? kind;
      if (ids === null || does === "choose") return ignored("a button without ids");
      if (does === "answer") return answer(ids);
      return modal({ kind: "reason", ...ids, required: does === "demand", question, where });
    }
    case "write":
      return modal({ kind: "text", approvalId: value, question, where });
    case "edit":
      return modal({ kind: "form", approvalId: value, where });
    case "view":
    case "open":
      return modal({ kind: "view", approvalId: value, where });
  }
}

export function parseSubmission(body: Body, self: Self, now: number): Parsed {
  const view = bodyAt(body, "view");
  const callback = textAt(view, "callback_id");
  const about = parseJson(textAt(view, "private_metadata") ?? "");
  const [user, viewId] = [textAt(body, "user", "id"), textAt(view, "id")];
  if (about === null || user === null || viewId === null) return ignored("a modal of something else");
  const values = bodyAt(view, "state", "values");
  const handle = handleOf(textAt(body, "team", "id") ?? textAt(body, "user", "team_id") ?? self.team, user);
  const place = textAt(about, "place") ?? handle;
  const base = {
    channel: "slack",
    // A view is submitted once; what was typed makes a second submission of a view that stayed open another event.
    eventId: `view:${viewId}:${createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 16)}`,
    place,
    threadKey: null,
    private: about.private === true,
    sender: { handle, displayName: textAt(body, "user", "username") ?? textAt(body, "user", "name") },
    sentAt: now,
  };
  if (callback === MODALS.run) {
    const workflow = textAt(about, "workflow");
    if (workflow === null) return ignored("a modal without its workflow");
    const pairs = Object.entries(readFields(values)).flatMap(([name, given]) =>
      given === null ? [] : [`${name}=${quoted(typeof given === "string" ? given : JSON.stringify(given))}`],
    );
    const event: InboundEvent = {
      kind: "command",
      ...base,
      command: "workflow",
      text: ["run", workflow, ...pairs].join(" "),
    };
    return { kind: "event", event };
  }
  if (callback !== MODALS.reason && callback !== MODALS.text && callback !== MODALS.form)
    return ignored("a modal of something else");
  const approvalId = textAt(about, "approvalId");
  const option =
    textAt(values, "text", "text", "value") ??
    textAt(values, "option", "option", "selected_option", "value") ??
    textAt(about, "option");
  if (approvalId === null || option === null) return ignored("a modal without ids");
  const event: InboundEvent = {
    kind: "action",
    ...base,
    approvalId,
    option,
    reason: textAt(values, "reason", "reason", "value"),
    fields: callback === MODALS.form ? readFields(values) : null,
  };
  return { kind: "event", event };
}

/** As the command grammar reads it back. */
const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A notice about a card in a channel is shown beside the card, one in a thread there; from the home page to the person. */
function whereOf(body: Body, handle: string): ModalWhere {
  const channel = textAt(body, "channel", "id") ?? textAt(body, "container", "channel_id");
  if (channel === null) return { place: handle, private: true };
  const ts = textAt(body, "message", "ts") ?? textAt(body, "container", "message_ts");
  const thread = textAt(body, "message", "thread_ts") ?? textAt(body, "container", "thread_ts");
  const inThread = thread !== null && thread !== ts;
  const own = channel.startsWith("D");
  return { place: own && !inThread ? handle : channelPlace(channel, inThread ? thread : null), private: own };
}

/** Interactions have no event id. Message, moment, person and button are the same when it is delivered again. */
function pressId(body: Body, action: Body, user: string, now: number): string {
  const where = textAt(body, "container", "message_ts") ?? textAt(body, "view", "id") ?? "";
  const at = textAt(action, "action_ts") ?? textAt(body, "trigger_id") ?? String(now);
  return `press:${user}:${where}:${textAt(action, "action_id")}:${at}`.slice(0, 200);
}

const timeOf = (action: Body, now: number): number => {
  const ts = textAt(action, "action_ts");
  return ts === null || Number.isNaN(Number(ts)) ? now : msOf(ts);
};

const questionOf = (body: Body): Body =>
  bodyAt(listAt(body, "message", "blocks").find((block) => bodyAt(block).block_id === "question"));
