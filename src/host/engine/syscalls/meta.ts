/** `ctx.auth` and `ctx.meta`. */
import { convexToJson } from "convex/values";
import { udfPath } from "../address.ts";
import { EngineError } from "../errors.ts";
import { transactionMetrics } from "../limits.ts";
import type { AsyncSyscall, SyncSyscall } from "./index.ts";

export const metaSync: Record<string, SyncSyscall> = {
  "1.0/getSnapshotTs": (call) => {
    if (call.txn === null) throw new EngineError("getSnapshotTs() can only be called from a query or mutation.");
    return JSON.stringify(convexToJson(call.txn.reader.snapshotTs));
  },
};

export const metaSyscalls: Record<string, AsyncSyscall> = {
  "1.0/getUserIdentity": (call) => {
    // Across a component's border there is no identity, so the result depends on none.
    if (call.txn !== null && call.component === "") call.txn.usedIdentity = true;
    if (call.component === "" && call.request.authError !== null) throw new EngineError(call.request.authError);
    return JSON.stringify(call.identity);
  },
  "1.0/getFunctionMetadata": (call) => {
    return JSON.stringify({ name: udfPath(call.path), componentPath: call.component });
  },
  "1.0/getRequestMetadata": (call) => {
    if (call.udfType === "query") {
      throw new EngineError("getRequestMetadata() can only be called from a mutation, action or HTTP action.");
    }
    const { ip, userAgent, requestId, scheduledFunctionId, authToken } = call.request;
    return JSON.stringify({ ip, userAgent, requestId, scheduledFunctionId, authToken });
  },
  "1.0/getDeploymentMetadata": (call) => {
    return JSON.stringify({ name: call.host.deploymentName, region: null, class: "s16" });
  },
  "1.0/getTransactionMetrics": (call) => {
    if (call.txn === null) {
      throw new EngineError("getTransactionMetrics() can only be called from a query or mutation.");
    }
    return JSON.stringify(transactionMetrics(call.limits, call.txn.meter.used(call.txn.reader)));
  },
  "1.0/auditLog": (call, args) => {
    call.host.log({
      level: "info",
      text: `audit log: ${JSON.stringify(args)}`,
      path: call.path,
      udfType: call.udfType,
    });
    return "null";
  },
};
