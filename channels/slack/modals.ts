/** Opens modals. A trigger lives for 3 s, so a window opens at once and is filled when the backend has answered. */
import type { ModalView } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { readablePayload } from "../../src/contract/card.ts";
import type { Lookups, WorkflowForm } from "../../src/contract/lookups.ts";
import type { Directory } from "./directory.ts";
import { userOf } from "./ids.ts";
import { pause } from "./pause.ts";
import {
  fitsModal,
  formView,
  loadingView,
  type ModalRequest,
  type ModalWhere,
  noticeView,
  payloadView,
  reasonView,
  runView,
  textView,
} from "./render_modal.ts";

export interface Modals {
  /** Rejects when Slack refuses; the person presses again. */
  open(request: ModalRequest, triggerId: string, handle: string): Promise<void>;
  openRun(form: WorkflowForm, triggerId: string, where: ModalWhere, given: Record<string, string>): Promise<void>;
}

/** Within the trigger's 3 s there must be time left to open the window. */
const LOOKUP_MS = 1_000;

export function createModals(web: WebClient, lookups: Lookups, directory: Directory): Modals {
  async function openLooking(triggerId: string, looking: Promise<ModalView>): Promise<void> {
    // Looked at below in either case; without this an early failure would count as nobody's.
    looking.catch(() => {});
    const early = await Promise.race([looking, pause(LOOKUP_MS).then(() => null)]);
    const { view } = await web.views.open({ trigger_id: triggerId, view: early ?? loadingView() });
    if (early === null && view?.id !== undefined) {
      const late = await looking.catch(() => noticeView("It could not be looked up. Please try again in a moment."));
      await web.views.update({ view_id: view.id, view: late });
    }
  }

  async function viewOf(request: Extract<ModalRequest, { kind: "form" | "view" }>, handle: string): Promise<ModalView> {
    const card = await lookups.card(handle, request.approvalId);
    if (card === null) return noticeView("I do not know you yet, or this question is gone.");
    if (request.kind === "form") return formView(card, request.where);
    if (!fitsModal(card)) void sendFile(card, handle).catch(() => {});
    return payloadView(card);
  }

  /** The whole of what no window can hold. */
  async function sendFile(card: ApprovalCard, handle: string): Promise<void> {
    const user = userOf(handle);
    if (user === null) return;
    await web.filesUploadV2({
      channel_id: await directory.dmOf(user),
      filename: "payload.txt",
      title: card.question.slice(0, 100),
      content: readablePayload(card.payload ?? ""),
    });
  }

  return {
    async open(request, triggerId, handle) {
      if (request.kind === "reason") await web.views.open({ trigger_id: triggerId, view: reasonView(request) });
      else if (request.kind === "text") await web.views.open({ trigger_id: triggerId, view: textView(request) });
      else await openLooking(triggerId, viewOf(request, handle));
    },
    async openRun(form, triggerId, where, given) {
      await web.views.open({ trigger_id: triggerId, view: runView(form, where, given) });
    },
  };
}
