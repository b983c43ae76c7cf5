/** views.*: modals and the App Home. */
import { type Arguments, invalid } from "../arguments.ts";
import { SlackError } from "../types.ts";
import { wireView } from "../wire.ts";
import type { MethodContext, Methods } from "./method.ts";

export const views: Methods = {
  "views.open"(args, context) {
    const view = args.json("view");
    const user = context.triggers.use(trigger(args));
    return shown(context, context.views.open(user, view, null));
  },
  "views.push"(args, context) {
    const view = args.json("view");
    const user = context.triggers.use(trigger(args));
    const top = context.views.top(user);
    if (top === null) throw new SlackError("not_found");
    return shown(context, context.views.open(user, view, top));
  },
  "views.update"(args, context) {
    const id = args.optionalText("view_id");
    const external = args.optionalText("external_id");
    const view = context.views.find((other) =>
      id !== null ? other.id === id : external !== null && other.externalId === external,
    );
    if (view === null) throw new SlackError("not_found");
    const hash = args.optionalText("hash");
    if (hash !== null && hash !== view.hash) throw new SlackError("hash_conflict");
    return shown(context, context.views.update(view, args.json("view")));
  },
  "views.publish"(args, context) {
    const user = args.text("user_id");
    if (context.workspace.users.get(user) === undefined) throw new SlackError("user_not_found");
    const hash = args.optionalText("hash");
    const before = context.views.home(user);
    if (hash !== null && before !== null && hash !== before.hash) throw new SlackError("hash_conflict");
    return shown(context, context.views.publish(user, args.json("view")));
  },
};

function trigger(args: Arguments): string {
  const id = args.optionalText("trigger_id") ?? args.optionalText("interactivity_pointer");
  if (id === null) throw invalid("missing required field: trigger_id");
  return id;
}

const shown = ({ workspace }: MethodContext, view: Parameters<typeof wireView>[1]) => ({
  view: wireView(workspace, view),
});
