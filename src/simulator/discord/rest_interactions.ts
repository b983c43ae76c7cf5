/** Callbacks of interactions, and the webhooks with which their tokens edit and add. */
import { json, NOTHING, type RestRoute } from "./rest_route.ts";
import { wireMessage } from "./wire.ts";

const HOOK = "/webhooks/{webhook_id}/{webhook_token}";

export const interactionRoutes: RestRoute[] = [
  {
    route: "POST /interactions/{interaction_id}/{interaction_token}/callback",
    name: "interactions.callback",
    auth: false,
    run({ world, interactions }, { at, upload, query }) {
      const id = at.interaction_id ?? "";
      const made = interactions.callback(id, at.interaction_token ?? "", upload);
      if (query.get("with_response") !== "true") return NOTHING;
      return json({
        interaction: { id, type: world.interactions.get(id)?.type, response_message_id: made?.id },
        resource: { type: upload.body.type, ...(made === null ? {} : { message: wireMessage(world, made) }) },
      });
    },
  },
  {
    route: `POST ${HOOK}`,
    name: "webhooks.post",
    auth: false,
    run({ world, interactions }, { at, upload }) {
      const interaction = interactions.byToken(at.webhook_id ?? "", at.webhook_token ?? "");
      return json(wireMessage(world, interactions.followUp(interaction, upload)));
    },
  },
  {
    route: `GET ${HOOK}/messages/@original`,
    name: "webhooks.get",
    auth: false,
    run({ world, interactions }, { at }) {
      const interaction = interactions.byToken(at.webhook_id ?? "", at.webhook_token ?? "");
      return json(wireMessage(world, interactions.original(interaction)));
    },
  },
  {
    route: `PATCH ${HOOK}/messages/@original`,
    name: "webhooks.edit",
    auth: false,
    run({ world, interactions }, { at, upload }) {
      const interaction = interactions.byToken(at.webhook_id ?? "", at.webhook_token ?? "");
      return json(wireMessage(world, interactions.editOriginal(interaction, upload)));
    },
  },
  {
    route: `DELETE ${HOOK}/messages/@original`,
    name: "webhooks.delete",
    auth: false,
    run({ world, interactions }, { at }) {
      const interaction = interactions.byToken(at.webhook_id ?? "", at.webhook_token ?? "");
      world.deleteMessage(interactions.original(interaction));
      return NOTHING;
    },
  },
];
