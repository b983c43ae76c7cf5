/**
 * A model refuses a conversation in which a tool call has no result. The component leaves such calls out by their ids, which is not enough
 * where ids come again (model/call_ledger.ts): here a call and its result are a pair by where they stand, between two messages of people.
 */
import type { ModelMessage } from "ai";

type Part = { type: string; toolCallId: string; toolName: string; input?: unknown };
const isCall = (part: object): part is Part => (part as Part).type === "tool-call";
const isResult = (part: object): part is Part => (part as Part).type === "tool-result";

const alike = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The same messages without calls that have no result there, and results that have no call. Others are left as they are. */
export function pairedCalls(messages: ModelMessage[]): ModelMessage[] {
  const unpaired = new Set<object>();
  let open: Part[] = [];
  for (const { role, content } of messages) {
    if (role === "user" || role === "system") open = [];
    if (typeof content === "string") continue;
    for (const part of content) {
      if (isCall(part)) {
        open.push(part);
        unpaired.add(part);
      } else if (isResult(part)) {
        const ofId = open.filter(({ toolCallId }) => toolCallId === part.toolCallId);
        const call = ofId.find(({ toolName }) => toolName === part.toolName) ?? ofId[0];
        if (call === undefined) unpaired.add(part);
        else {
          // The same said twice in one step has one result.
          const same = ofId.filter((one) => one.toolName === call.toolName && alike(one.input, call.input));
          for (const one of same) {
            unpaired.delete(one);
            open.splice(open.indexOf(one), 1);
          }
        }
      }
    }
  }
  if (unpaired.size === 0) return messages;
  return messages.flatMap((message) => {
    if (typeof message.content === "string") return [message];
    const content = (message.content as object[]).filter((part) => !unpaired.has(part));
    if (content.length === message.content.length) return [message];
    return content.length === 0 ? [] : [{ ...message, content } as ModelMessage];
  });
}
