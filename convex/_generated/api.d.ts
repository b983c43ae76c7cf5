/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as access from "../access.js";
import type * as audit from "../audit.js";
import type * as model_audit from "../model/audit.js";
import type * as model_delivery_leases from "../model/delivery_leases.js";
import type * as model_errors from "../model/errors.js";
import type * as model_gateway from "../model/gateway.js";
import type * as model_json from "../model/json.js";
import type * as model_outbox from "../model/outbox.js";
import type * as model_people from "../model/people.js";
import type * as model_rights from "../model/rights.js";
import type * as model_validators from "../model/validators.js";
import type * as outbox from "../outbox.js";
import type * as people from "../people.js";
import type * as system from "../system.js";
import type * as tables_approvals from "../tables/approvals.js";
import type * as tables_audit from "../tables/audit.js";
import type * as tables_conversations from "../tables/conversations.js";
import type * as tables_deliveries from "../tables/deliveries.js";
import type * as tables_inbound from "../tables/inbound.js";
import type * as tables_jobs from "../tables/jobs.js";
import type * as tables_people from "../tables/people.js";
import type * as tables_runs from "../tables/runs.js";
import type * as tables_tasks from "../tables/tasks.js";
import type * as tables_turns from "../tables/turns.js";
import type * as tables_workflows from "../tables/workflows.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  access: typeof access;
  audit: typeof audit;
  "model/audit": typeof model_audit;
  "model/delivery_leases": typeof model_delivery_leases;
  "model/errors": typeof model_errors;
  "model/gateway": typeof model_gateway;
  "model/json": typeof model_json;
  "model/outbox": typeof model_outbox;
  "model/people": typeof model_people;
  "model/rights": typeof model_rights;
  "model/validators": typeof model_validators;
  outbox: typeof outbox;
  people: typeof people;
  system: typeof system;
  "tables/approvals": typeof tables_approvals;
  "tables/audit": typeof tables_audit;
  "tables/conversations": typeof tables_conversations;
  "tables/deliveries": typeof tables_deliveries;
  "tables/inbound": typeof tables_inbound;
  "tables/jobs": typeof tables_jobs;
  "tables/people": typeof tables_people;
  "tables/runs": typeof tables_runs;
  "tables/tasks": typeof tables_tasks;
  "tables/turns": typeof tables_turns;
  "tables/workflows": typeof tables_workflows;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  workflow: import("@convex-dev/workflow/_generated/component.js").ComponentApi<"workflow">;
  agent: import("@convex-dev/agent/_generated/component.js").ComponentApi<"agent">;
};
