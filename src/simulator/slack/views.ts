/** Modals that stand open before a person, one on another, and each person's App Home. */
import { invalid } from "./arguments.ts";
import { checkBlocks } from "./blocks.ts";
import { nameBlocks } from "./naming.ts";
import { Complaints, checkText, isRecord } from "./text_limits.ts";
import { SlackError, type SlackView, type StateValues, type ViewType } from "./types.ts";
import { initialValues } from "./view_values.ts";
import type { Workspace } from "./workspace.ts";

export interface Views {
  /** Opens on top of `below`; with null everything that was open for the person is closed first. */
  open(user: string, view: unknown, below: SlackView | null): SlackView;
  update(view: SlackView, next: unknown): SlackView;
  publish(user: string, view: unknown): SlackView;
  /** The modal a person looks at. */
  top(user: string): SlackView | null;
  home(user: string): SlackView | null;
  find(wanted: (view: SlackView) => boolean): SlackView | null;
  /** Takes the top one away; what was below shows again. */
  close(view: SlackView): void;
  closeAll(user: string): void;
  save(view: SlackView): void;
}

const MOST_PUSHED = 3;
const MOST_BYTES = 250_000;

export function createViews(workspace: Workspace): Views {
  const { views, ids } = workspace;
  const modals = (user: string) => views.values().filter((view) => view.type === "modal" && view.user === user);

  function build(value: unknown, type: ViewType, user: string, id: string): SlackView {
    const view = checkView(value, type);
    const blocks = nameBlocks(view.blocks as SlackView["blocks"], ids);
    return {
      id,
      type,
      user,
      callbackId: String(view.callback_id ?? ""),
      privateMetadata: String(view.private_metadata ?? ""),
      externalId: String(view.external_id ?? ""),
      title: view.title ?? null,
      submit: view.submit ?? null,
      close: view.close ?? null,
      blocks,
      notifyOnClose: view.notify_on_close === true,
      clearOnClose: view.clear_on_close === true,
      hash: `${ids.count()}.${ids.secret(id).slice(0, 8)}`,
      previous: null,
      root: id,
      values: initialValues(blocks),
      errors: {},
    };
  }

  const save = (view: SlackView): SlackView => {
    views.put(view.id, view);
    workspace.changed();
    return view;
  };

  return {
    open(user, value, below) {
      if (below !== null && modals(user).length >= MOST_PUSHED) throw new SlackError("push_limit_reached");
      const view = build(value, "modal", user, ids.next("V"));
      if (below === null) for (const open of modals(user)) views.delete(open.id);
      else Object.assign(view, { previous: below.id, root: below.root });
      return save(view);
    },
    update(view, value) {
      const next = build(value, view.type, view.user, view.id);
      // What the person has typed into fields that are still there stays.
      return save({
        ...next,
        previous: view.previous,
        root: view.root,
        values: { ...next.values, ...keep(view.values, next) },
      });
    },
    publish(user, value) {
      const before = views.values().find((view) => view.type === "home" && view.user === user);
      return save(build(value, "home", user, before?.id ?? ids.next("V")));
    },
    top: (user) => modals(user).at(-1) ?? null,
    home: (user) => views.values().find((view) => view.type === "home" && view.user === user) ?? null,
    find: (wanted) => views.values().find(wanted) ?? null,
    close(view) {
      views.delete(view.id);
      workspace.changed();
    },
    closeAll(user) {
      for (const view of modals(user)) views.delete(view.id);
      workspace.changed();
    },
    save: (view) => void save(view),
  };
}

function checkView(value: unknown, type: ViewType): Record<string, unknown> {
  const complaints = new Complaints();
  if (!isRecord(value)) throw invalid("missing required field: view");
  if (value.type !== type) complaints.add("must be a valid enum value", "/view/type");
  if (type === "modal") {
    checkText(value.title, { most: 24, at: "/view/title", plain: true }, complaints);
    if (value.submit !== undefined) checkText(value.submit, { most: 24, at: "/view/submit", plain: true }, complaints);
    if (value.close !== undefined) checkText(value.close, { most: 24, at: "/view/close", plain: true }, complaints);
    const inputs =
      Array.isArray(value.blocks) && value.blocks.some((block) => isRecord(block) && block.type === "input");
    if (inputs && value.submit === undefined) complaints.add("missing required field: submit", "/view");
  }
  complaints.length(value.callback_id, 255, "/view/callback_id");
  complaints.length(value.private_metadata, 3000, "/view/private_metadata");
  complaints.length(value.external_id, 255, "/view/external_id");
  const { complaints: inBlocks } = checkBlocks(value.blocks, type);
  const all = [...complaints.all, ...inBlocks];
  if (all.length > 0) throw invalid(...all);
  if (JSON.stringify(value).length > MOST_BYTES) throw new SlackError("view_too_large");
  return value;
}

function keep(values: StateValues, view: SlackView): StateValues {
  const kept: StateValues = {};
  for (const block of view.blocks) {
    const known = values[block.block_id ?? ""];
    if (known !== undefined) kept[block.block_id!] = known;
  }
  return kept;
}
