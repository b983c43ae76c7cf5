import type { CallFailure, CallResult } from "../../engine/types.ts";
import { encodeTs } from "../timestamp.ts";

export function mutationResponse(requestId: number, result: CallResult, ts: bigint): string {
  const head = `{"type":"MutationResponse","requestId":${requestId},"success":true`;
  return `${head},"result":${result.value},"ts":"${encodeTs(ts)}","logLines":${JSON.stringify(result.logLines)}}`;
}

export function actionResponse(requestId: number, result: CallResult): string {
  const head = `{"type":"ActionResponse","requestId":${requestId},"success":true`;
  return `${head},"result":${result.value},"logLines":${JSON.stringify(result.logLines)}}`;
}

export function callFailed(type: "Mutation" | "Action", requestId: number, failure: CallFailure): string {
  const { message: result, data: errorData, logLines } = failure;
  return JSON.stringify({ type: `${type}Response`, requestId, success: false, result, errorData, logLines });
}

/** `attempted`: in answer to an Authenticate; otherwise a token that was good ran out. */
export function authError(error: string, baseVersion: number, attempted: boolean): string {
  return JSON.stringify({ type: "AuthError", error, baseVersion, authUpdateAttempted: attempted });
}

export function fatalError(error: string): string {
  return JSON.stringify({ type: "FatalError", error });
}

export const ping = JSON.stringify({ type: "Ping" });
