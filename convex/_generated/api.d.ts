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
import type * as agent_questions from "../agent_questions.js";
import type * as agents_answer from "../agents/answer.js";
import type * as agents_context_bridge from "../agents/context_bridge.js";
import type * as agents_effects from "../agents/effects.js";
import type * as agents_factory from "../agents/factory.js";
import type * as agents_llm from "../agents/llm.js";
import type * as agents_looks from "../agents/looks.js";
import type * as agents_model_errors from "../agents/model_errors.js";
import type * as agents_model_prices from "../agents/model_prices.js";
import type * as agents_offline_arguments from "../agents/offline_arguments.js";
import type * as agents_offline_channels from "../agents/offline_channels.js";
import type * as agents_offline_intents from "../agents/offline_intents.js";
import type * as agents_offline_model from "../agents/offline_model.js";
import type * as agents_offline_questions from "../agents/offline_questions.js";
import type * as agents_offline_requests from "../agents/offline_requests.js";
import type * as agents_offline_team from "../agents/offline_team.js";
import type * as agents_offline_words from "../agents/offline_words.js";
import type * as agents_reply_stream from "../agents/reply_stream.js";
import type * as agents_researcher from "../agents/researcher.js";
import type * as agents_run_hand from "../agents/run_hand.js";
import type * as agents_run_task from "../agents/run_task.js";
import type * as agents_shared from "../agents/shared.js";
import type * as agents_tools_chat from "../agents/tools/chat.js";
import type * as agents_tools_define from "../agents/tools/define.js";
import type * as agents_tools_index from "../agents/tools/index.js";
import type * as agents_tools_people from "../agents/tools/people.js";
import type * as agents_tools_spend from "../agents/tools/spend.js";
import type * as agents_tools_tasks from "../agents/tools/tasks.js";
import type * as agents_tools_team from "../agents/tools/team.js";
import type * as agents_tools_workflows from "../agents/tools/workflows.js";
import type * as agents_toolset from "../agents/toolset.js";
import type * as agents_usage from "../agents/usage.js";
import type * as approvals from "../approvals.js";
import type * as audit from "../audit.js";
import type * as conversations from "../conversations.js";
import type * as crons from "../crons.js";
import type * as driver from "../driver.js";
import type * as github_client from "../github/client.js";
import type * as github_errors from "../github/errors.js";
import type * as github_names from "../github/names.js";
import type * as github_transport from "../github/transport.js";
import type * as hands from "../hands.js";
import type * as hooks from "../hooks.js";
import type * as inbound from "../inbound.js";
import type * as jobs from "../jobs.js";
import type * as lookups from "../lookups.js";
import type * as model_advance from "../model/advance.js";
import type * as model_agent_questions from "../model/agent_questions.js";
import type * as model_answering from "../model/answering.js";
import type * as model_approval_timers from "../model/approval_timers.js";
import type * as model_approvals from "../model/approvals.js";
import type * as model_approvers from "../model/approvers.js";
import type * as model_ask from "../model/ask.js";
import type * as model_ask_anew from "../model/ask_anew.js";
import type * as model_audit from "../model/audit.js";
import type * as model_begin from "../model/begin.js";
import type * as model_bounded from "../model/bounded.js";
import type * as model_cards from "../model/cards.js";
import type * as model_channel_messages from "../model/channel_messages.js";
import type * as model_codes from "../model/codes.js";
import type * as model_commands from "../model/commands.js";
import type * as model_compile from "../model/compile.js";
import type * as model_conversations from "../model/conversations.js";
import type * as model_copies from "../model/copies.js";
import type * as model_definitions from "../model/definitions.js";
import type * as model_delivery_leases from "../model/delivery_leases.js";
import type * as model_delivery_reports from "../model/delivery_reports.js";
import type * as model_driver from "../model/driver.js";
import type * as model_effects from "../model/effects.js";
import type * as model_enrolment from "../model/enrolment.js";
import type * as model_errors from "../model/errors.js";
import type * as model_fallback from "../model/fallback.js";
import type * as model_finish from "../model/finish.js";
import type * as model_functions from "../model/functions.js";
import type * as model_gateway from "../model/gateway.js";
import type * as model_hand_on from "../model/hand_on.js";
import type * as model_hand_workflow from "../model/hand_workflow.js";
import type * as model_hooks from "../model/hooks.js";
import type * as model_inbound from "../model/inbound.js";
import type * as model_inputs from "../model/inputs.js";
import type * as model_jobs from "../model/jobs.js";
import type * as model_json from "../model/json.js";
import type * as model_ladder from "../model/ladder.js";
import type * as model_lookups from "../model/lookups.js";
import type * as model_open_questions from "../model/open_questions.js";
import type * as model_operators from "../model/operators.js";
import type * as model_outbox from "../model/outbox.js";
import type * as model_people from "../model/people.js";
import type * as model_performers from "../model/performers.js";
import type * as model_phones from "../model/phones.js";
import type * as model_places from "../model/places.js";
import type * as model_policy from "../model/policy.js";
import type * as model_profiles from "../model/profiles.js";
import type * as model_progress from "../model/progress.js";
import type * as model_quiet from "../model/quiet.js";
import type * as model_restart from "../model/restart.js";
import type * as model_rights from "../model/rights.js";
import type * as model_rotas from "../model/rotas.js";
import type * as model_routing from "../model/routing.js";
import type * as model_run_analysis from "../model/run_analysis.js";
import type * as model_run_cost from "../model/run_cost.js";
import type * as model_run_lookup from "../model/run_lookup.js";
import type * as model_run_status from "../model/run_status.js";
import type * as model_run_view from "../model/run_view.js";
import type * as model_run_words from "../model/run_words.js";
import type * as model_runs from "../model/runs.js";
import type * as model_schedules from "../model/schedules.js";
import type * as model_settle from "../model/settle.js";
import type * as model_signals from "../model/signals.js";
import type * as model_spend from "../model/spend.js";
import type * as model_suspension from "../model/suspension.js";
import type * as model_task_machine from "../model/task_machine.js";
import type * as model_tasks from "../model/tasks.js";
import type * as model_team from "../model/team.js";
import type * as model_tell_operators from "../model/tell_operators.js";
import type * as model_tool_calls from "../model/tool_calls.js";
import type * as model_troubles from "../model/troubles.js";
import type * as model_turns from "../model/turns.js";
import type * as model_validators from "../model/validators.js";
import type * as model_watch from "../model/watch.js";
import type * as model_words from "../model/words.js";
import type * as model_workflows from "../model/workflows.js";
import type * as outbox from "../outbox.js";
import type * as people from "../people.js";
import type * as policy from "../policy.js";
import type * as profiles from "../profiles.js";
import type * as progress from "../progress.js";
import type * as records from "../records.js";
import type * as research from "../research.js";
import type * as runs from "../runs.js";
import type * as schedules from "../schedules.js";
import type * as security from "../security.js";
import type * as spend from "../spend.js";
import type * as step_functions from "../step_functions.js";
import type * as system from "../system.js";
import type * as tables_agent_questions from "../tables/agent_questions.js";
import type * as tables_approvals from "../tables/approvals.js";
import type * as tables_audit from "../tables/audit.js";
import type * as tables_budgets from "../tables/budgets.js";
import type * as tables_conversations from "../tables/conversations.js";
import type * as tables_deliveries from "../tables/deliveries.js";
import type * as tables_inbound from "../tables/inbound.js";
import type * as tables_jobs from "../tables/jobs.js";
import type * as tables_memories from "../tables/memories.js";
import type * as tables_people from "../tables/people.js";
import type * as tables_policies from "../tables/policies.js";
import type * as tables_profiles from "../tables/profiles.js";
import type * as tables_progress from "../tables/progress.js";
import type * as tables_research from "../tables/research.js";
import type * as tables_runs from "../tables/runs.js";
import type * as tables_spend from "../tables/spend.js";
import type * as tables_tasks from "../tables/tasks.js";
import type * as tables_triggers from "../tables/triggers.js";
import type * as tables_turns from "../tables/turns.js";
import type * as tables_watch from "../tables/watch.js";
import type * as tables_workflows from "../tables/workflows.js";
import type * as task_sessions from "../task_sessions.js";
import type * as tasks from "../tasks.js";
import type * as turns from "../turns.js";
import type * as watch from "../watch.js";
import type * as workflows from "../workflows.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  access: typeof access;
  agent_questions: typeof agent_questions;
  "agents/answer": typeof agents_answer;
  "agents/context_bridge": typeof agents_context_bridge;
  "agents/effects": typeof agents_effects;
  "agents/factory": typeof agents_factory;
  "agents/llm": typeof agents_llm;
  "agents/looks": typeof agents_looks;
  "agents/model_errors": typeof agents_model_errors;
  "agents/model_prices": typeof agents_model_prices;
  "agents/offline_arguments": typeof agents_offline_arguments;
  "agents/offline_channels": typeof agents_offline_channels;
  "agents/offline_intents": typeof agents_offline_intents;
  "agents/offline_model": typeof agents_offline_model;
  "agents/offline_questions": typeof agents_offline_questions;
  "agents/offline_requests": typeof agents_offline_requests;
  "agents/offline_team": typeof agents_offline_team;
  "agents/offline_words": typeof agents_offline_words;
  "agents/reply_stream": typeof agents_reply_stream;
  "agents/researcher": typeof agents_researcher;
  "agents/run_hand": typeof agents_run_hand;
  "agents/run_task": typeof agents_run_task;
  "agents/shared": typeof agents_shared;
  "agents/tools/chat": typeof agents_tools_chat;
  "agents/tools/define": typeof agents_tools_define;
  "agents/tools/index": typeof agents_tools_index;
  "agents/tools/people": typeof agents_tools_people;
  "agents/tools/spend": typeof agents_tools_spend;
  "agents/tools/tasks": typeof agents_tools_tasks;
  "agents/tools/team": typeof agents_tools_team;
  "agents/tools/workflows": typeof agents_tools_workflows;
  "agents/toolset": typeof agents_toolset;
  "agents/usage": typeof agents_usage;
  approvals: typeof approvals;
  audit: typeof audit;
  conversations: typeof conversations;
  crons: typeof crons;
  driver: typeof driver;
  "github/client": typeof github_client;
  "github/errors": typeof github_errors;
  "github/names": typeof github_names;
  "github/transport": typeof github_transport;
  hands: typeof hands;
  hooks: typeof hooks;
  inbound: typeof inbound;
  jobs: typeof jobs;
  lookups: typeof lookups;
  "model/advance": typeof model_advance;
  "model/agent_questions": typeof model_agent_questions;
  "model/answering": typeof model_answering;
  "model/approval_timers": typeof model_approval_timers;
  "model/approvals": typeof model_approvals;
  "model/approvers": typeof model_approvers;
  "model/ask": typeof model_ask;
  "model/ask_anew": typeof model_ask_anew;
  "model/audit": typeof model_audit;
  "model/begin": typeof model_begin;
  "model/bounded": typeof model_bounded;
  "model/cards": typeof model_cards;
  "model/channel_messages": typeof model_channel_messages;
  "model/codes": typeof model_codes;
  "model/commands": typeof model_commands;
  "model/compile": typeof model_compile;
  "model/conversations": typeof model_conversations;
  "model/copies": typeof model_copies;
  "model/definitions": typeof model_definitions;
  "model/delivery_leases": typeof model_delivery_leases;
  "model/delivery_reports": typeof model_delivery_reports;
  "model/driver": typeof model_driver;
  "model/effects": typeof model_effects;
  "model/enrolment": typeof model_enrolment;
  "model/errors": typeof model_errors;
  "model/fallback": typeof model_fallback;
  "model/finish": typeof model_finish;
  "model/functions": typeof model_functions;
  "model/gateway": typeof model_gateway;
  "model/hand_on": typeof model_hand_on;
  "model/hand_workflow": typeof model_hand_workflow;
  "model/hooks": typeof model_hooks;
  "model/inbound": typeof model_inbound;
  "model/inputs": typeof model_inputs;
  "model/jobs": typeof model_jobs;
  "model/json": typeof model_json;
  "model/ladder": typeof model_ladder;
  "model/lookups": typeof model_lookups;
  "model/open_questions": typeof model_open_questions;
  "model/operators": typeof model_operators;
  "model/outbox": typeof model_outbox;
  "model/people": typeof model_people;
  "model/performers": typeof model_performers;
  "model/phones": typeof model_phones;
  "model/places": typeof model_places;
  "model/policy": typeof model_policy;
  "model/profiles": typeof model_profiles;
  "model/progress": typeof model_progress;
  "model/quiet": typeof model_quiet;
  "model/restart": typeof model_restart;
  "model/rights": typeof model_rights;
  "model/rotas": typeof model_rotas;
  "model/routing": typeof model_routing;
  "model/run_analysis": typeof model_run_analysis;
  "model/run_cost": typeof model_run_cost;
  "model/run_lookup": typeof model_run_lookup;
  "model/run_status": typeof model_run_status;
  "model/run_view": typeof model_run_view;
  "model/run_words": typeof model_run_words;
  "model/runs": typeof model_runs;
  "model/schedules": typeof model_schedules;
  "model/settle": typeof model_settle;
  "model/signals": typeof model_signals;
  "model/spend": typeof model_spend;
  "model/suspension": typeof model_suspension;
  "model/task_machine": typeof model_task_machine;
  "model/tasks": typeof model_tasks;
  "model/team": typeof model_team;
  "model/tell_operators": typeof model_tell_operators;
  "model/tool_calls": typeof model_tool_calls;
  "model/troubles": typeof model_troubles;
  "model/turns": typeof model_turns;
  "model/validators": typeof model_validators;
  "model/watch": typeof model_watch;
  "model/words": typeof model_words;
  "model/workflows": typeof model_workflows;
  outbox: typeof outbox;
  people: typeof people;
  policy: typeof policy;
  profiles: typeof profiles;
  progress: typeof progress;
  records: typeof records;
  research: typeof research;
  runs: typeof runs;
  schedules: typeof schedules;
  security: typeof security;
  spend: typeof spend;
  step_functions: typeof step_functions;
  system: typeof system;
  "tables/agent_questions": typeof tables_agent_questions;
  "tables/approvals": typeof tables_approvals;
  "tables/audit": typeof tables_audit;
  "tables/budgets": typeof tables_budgets;
  "tables/conversations": typeof tables_conversations;
  "tables/deliveries": typeof tables_deliveries;
  "tables/inbound": typeof tables_inbound;
  "tables/jobs": typeof tables_jobs;
  "tables/memories": typeof tables_memories;
  "tables/people": typeof tables_people;
  "tables/policies": typeof tables_policies;
  "tables/profiles": typeof tables_profiles;
  "tables/progress": typeof tables_progress;
  "tables/research": typeof tables_research;
  "tables/runs": typeof tables_runs;
  "tables/spend": typeof tables_spend;
  "tables/tasks": typeof tables_tasks;
  "tables/triggers": typeof tables_triggers;
  "tables/turns": typeof tables_turns;
  "tables/watch": typeof tables_watch;
  "tables/workflows": typeof tables_workflows;
  task_sessions: typeof task_sessions;
  tasks: typeof tasks;
  turns: typeof turns;
  watch: typeof watch;
  workflows: typeof workflows;
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
