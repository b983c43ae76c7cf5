/**
 * Presses, commands and submitted modals. Each is stored first and acknowledged second, within Discord's 3 s in any case: when storing
 * takes too long the person is told that it is not stored yet. Windows and suggestions store nothing and are answered at once.
 */
import type { Inbox } from "../../src/contract/adapter.ts";
import { readablePayload } from "../../src/contract/card.ts";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { InboundEvent, StoredInbound } from "../../src/contract/inbound.ts";
import type { Log } from "../../src/contract/log.ts";
import type { Lookups } from "../../src/contract/lookups.ts";
import type { Body } from "../../src/contract/untrusted.ts";
import { complete } from "./autocomplete.ts";
import { escaped, fenced } from "./markdown.ts";
import { type Ack, type Origin, type Parsed, parseInteraction } from "./parse.ts";
import { pause } from "./pause.ts";
import { formModal, type Modal, reasonModal, runModal, textModal } from "./render_modal.ts";
import type { Replies } from "./replies.ts";
import { type Api, explain } from "./rest.ts";
import { CALLBACK, type File, FLAGS, NO_PINGS } from "./wire.ts";

export interface InteractionOptions {
  api: Api;
  inbox: Inbox;
  lookups: Lookups;
  replies: Replies;
  log: Log;
}

/** Of Discord's 3 s, so that enough is left for the way there. */
const STORE_MS = 2_000;
const LOOK_MS = 1_500;
/** A payload up to this long is read in the message; a longer one comes as a file. */
const INLINE = 1_500;

const NOT_YET =
  "This is not stored yet: the backend is slow to answer. I go on trying, and you see here when it is done. Doing it again does no harm to a question.";
const LATER = "It could not be looked up in time. Please try again in a moment.";
const GONE = "I do not know you yet, or this question is gone.";

/** Resolves when it was acknowledged and what it brought is stored. Never rejects. */
export function createInteractions({ api, inbox, lookups, replies, log }: InteractionOptions) {
  const callback = async (origin: Origin, body: Record<string, unknown>, files: File[] = []): Promise<boolean> => {
    try {
      await api.post(`/interactions/${origin.id}/${origin.token}/callback`, body, { auth: false, files });
      return true;
    } catch (thrown) {
      // Discord has shown its own error; what was stored is stored, and pressing again is answered truly.
      log("warn", "an interaction could not be acknowledged", { interaction: origin.id, error: explain(thrown).error });
      return false;
    }
  };
  const notice = (origin: Origin, content: string, files: File[] = []) =>
    callback(
      origin,
      {
        type: CALLBACK.reply,
        data: {
          content,
          flags: origin.private ? 0 : FLAGS.ephemeral,
          allowed_mentions: NO_PINGS,
          ...(files.length === 0
            ? {}
            : { attachments: files.map(({ name }, id) => ({ id: String(id), filename: name })) }),
        },
      },
      files,
    );
  const modal = (origin: Origin, data: Modal) => callback(origin, { type: CALLBACK.modal, data });

  /** null: not in time. */
  const inTime = async <T>(ms: number, promise: Promise<T>): Promise<{ value: T } | null> => {
    const settled = promise.then((value) => ({ value }));
    settled.catch(() => {});
    return await Promise.race([settled, pause(ms).then(() => null)]);
  };

  async function store(event: InboundEvent, ack: Ack, origin: Origin): Promise<void> {
    const storing: Promise<StoredInbound> = inbox.receive(event);
    replies.storing(storing);
    let stored: { value: StoredInbound } | null;
    try {
      stored = await inTime(STORE_MS, storing);
    } catch (thrown) {
      const { message, remedy } = toErrorInfo(thrown);
      await notice(origin, escaped(`This could not be taken: ${message}${remedy === null ? "" : `. ${remedy}`}`));
      return;
    }
    if (stored === null) return await storedLate(storing, origin);
    const { inboundId } = stored.value;
    if (!stored.value.stored && ack.kind === "reply") {
      await notice(origin, "This was taken before; nothing happens a second time.");
      return;
    }
    const body =
      ack.kind === "update"
        ? { type: CALLBACK.deferUpdate }
        : { type: CALLBACK.defer, ...(ack.ephemeral ? { data: { flags: FLAGS.ephemeral } } : {}) };
    await remember(inboundId, { origin, ack }, () => callback(origin, body));
  }

  /** Kept first: an answered interaction whose token nobody has could never get its reply. */
  async function remember(inboundId: string, of: { origin: Origin; ack: Ack }, answer: () => Promise<boolean>) {
    const acked = Promise.withResolvers<boolean>();
    replies.remember(inboundId, { ...of, acked: acked.promise });
    acked.resolve(await answer());
  }

  async function storedLate(storing: Promise<StoredInbound>, origin: Origin): Promise<void> {
    const acked = notice(origin, NOT_YET);
    try {
      const { inboundId } = await storing;
      await remember(inboundId, { origin, ack: { kind: "reply", ephemeral: !origin.private } }, () => acked);
    } catch (thrown) {
      log("error", "an interaction could not be stored", { interaction: origin.id, error: toErrorInfo(thrown) });
    }
  }

  /** `/workflow run NAME` without what the workflow needs asks for it in a modal; everything else is the command it is. */
  async function runOrAsk({ workflow, event, ack, origin }: Extract<Parsed, { kind: "run" }>): Promise<void> {
    const found = await inTime(LOOK_MS / 2, lookups.workflow(origin.handle, workflow)).catch(() => null);
    const form = found?.value ?? null;
    const asks = form === null || !needsInput(form.inputs) ? null : runModal(form, origin.id);
    if (asks === null) await store(event, ack, origin);
    else await modal(origin, asks);
  }

  async function view(approvalId: string, origin: Origin): Promise<unknown> {
    const found = await inTime(LOOK_MS, lookups.card(origin.handle, approvalId)).catch(() => null);
    if (found === null) return await notice(origin, LATER);
    const card = found.value;
    if (card === null) return await notice(origin, GONE);
    const readable = readablePayload(card.payload ?? "");
    if (readable.length <= INLINE) return await notice(origin, fenced(readable));
    return await notice(origin, "All of it:", [{ name: "payload.txt", text: readable }]);
  }

  async function edit(approvalId: string, origin: Origin): Promise<unknown> {
    const found = await inTime(LOOK_MS, lookups.card(origin.handle, approvalId)).catch(() => null);
    if (found === null) return await notice(origin, LATER);
    const card = found.value;
    if (card === null) return await notice(origin, GONE);
    if (card.status !== "pending") return await notice(origin, escaped(card.outcomeLine ?? "This question is over."));
    return await modal(origin, formModal(card, origin.id));
  }

  return {
    async take(body: Body): Promise<void> {
      const parsed = parseInteraction(body);
      try {
        switch (parsed.kind) {
          case "ignored":
            return log("debug", "an interaction was ignored", { reason: parsed.reason });
          case "event":
            return await store(parsed.event, parsed.ack, parsed.origin);
          case "run":
            return await runOrAsk(parsed);
          case "reason": {
            const { origin, required, question } = parsed;
            return void (await modal(origin, reasonModal(parsed, required, question, origin.id)));
          }
          case "write":
            return void (await modal(parsed.origin, textModal(parsed.approvalId, parsed.question, parsed.origin.id)));
          case "edit":
            return void (await edit(parsed.approvalId, parsed.origin));
          case "view":
            return void (await view(parsed.approvalId, parsed.origin));
          case "complete": {
            const found = await inTime(LOOK_MS, complete(parsed.given, parsed.origin.handle, lookups)).catch(
              () => null,
            );
            return void (await callback(parsed.origin, {
              type: CALLBACK.choices,
              data: { choices: found?.value ?? [] },
            }));
          }
        }
      } catch (thrown) {
        log("error", "an interaction could not be handled", { error: toErrorInfo(thrown) });
      }
    },
  };
}

function needsInput(inputs: string | null): boolean {
  if (inputs === null) return false;
  try {
    const { required } = JSON.parse(inputs) as { required?: unknown };
    return Array.isArray(required) && required.length > 0;
  } catch {
    return false;
  }
}
