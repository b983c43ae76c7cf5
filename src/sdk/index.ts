/** For programs that define workflows in code and start them: `defineWorkflow`, `createClient`. Everything else is theirs to ignore. */
export {
  type ClientOptions,
  createClient,
  type FactoryClient,
  type RunHandle,
  type RunResult,
  type StartOptions,
} from "./client.ts";
export { defineWorkflow, type WorkflowDefinition } from "./define.ts";
