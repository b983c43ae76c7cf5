/** The one place where definitions come from text. */
import type { Definition } from "../../src/flow/definition.ts";

export interface Problem {
  file: string;
  line: number;
  column: number;
  message: string;
  remedy: string | null;
}

// biome-ignore-all lint/suspicious/noExplicitAny: stands in until src/flow parses
export function compileDefinition(source: string, file: string): { definition: Definition; warnings: string[] } {
  const raw = JSON.parse(source) as any;
  const nodes: Record<string, any> = {};
  for (const [id, given] of Object.entries<any>(raw.nodes)) {
    const common = {
      onFailure: "fail",
      failureApprovers: null,
      maxVisits: null,
      repeats: false,
      cyclic: false,
      onCycle: false,
    };
    const work = {
      functionId: given.functionId ?? "agent::chat",
      prompt: given.prompt ?? null,
      args: given.config ?? null,
      agent: null,
      session: given.sessionRef ?? "new",
      timeoutMs: given.timeoutMs ?? 60000,
      sandbox: null,
    };
    const question = {
      freeText: false,
      approvers: null,
      quorum: 1,
      fourEyes: false,
      tier: "low",
      channels: null,
      payload: null,
      form: null,
      reasonRequired: [],
      remindAfterMs: null,
      escalate: [],
      saveAs: id,
      ...given,
      expiresInMs: given.expiresInMs ?? null,
    };
    nodes[id] =
      given.type === "task"
        ? {
            ...common,
            ...given,
            work,
            retry: { max: given.retries ?? 0, backoffMs: 1000, maxBackoffMs: 10000 },
            saveAs: given.saveAs ?? null,
          }
        : given.type === "approval"
          ? { ...common, ...question }
          : { ...common, result: null, error: null, ...given };
  }
  const definition = {
    format: 1,
    name: raw.name ?? file.replace(/\..*$/, ""),
    title: raw.title ?? raw.name ?? file,
    description: null,
    notation: "graph",
    startNodeId: raw.startNodeId,
    nodes,
    sharedSession: null,
    agents: [],
    inputs: raw.inputs ?? null,
    outputs: [],
    notify: [],
    schedule: null,
    aliases: {},
    declares: Object.entries<any>(nodes).flatMap(([, node]) => (node.saveAs ? [node.saveAs] : [])),
  };
  return { definition: definition as unknown as Definition, warnings: [] };
}

export function problemsOf(_source: string, _file: string): Problem[] {
  return [];
}
