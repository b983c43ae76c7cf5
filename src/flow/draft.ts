/** A definition in the making: its nodes with the places of everything that can only be checked once all of it is read. */
import type { FlowNode } from "./definition.ts";
import type { Problems } from "./tree.ts";

/** What the definition may name. A null list is not checked. */
export interface Known {
  /** `agent::chat`, `tool::NAME` …; `needsApproval`: never runs without `approval: sync`; `needsSandbox`: nor outside of one. */
  functions: Readonly<Record<string, { needsApproval?: boolean; needsSandbox?: boolean }>> | null;
  /** Functions that could be there and are not, with what to do about it. */
  missing?: Readonly<Record<string, string>>;
  /** Roles with an instruction file. */
  roles: readonly string[] | null;
  /** Hands that `hand::run` may name. Absent: not checked. */
  hands?: readonly string[] | null;
  /** Sandboxes that this machine has. */
  sandboxes: readonly string[] | null;
  /** Workflows that a `run` node may start. */
  workflows: readonly string[] | null;
  /** A hook starts it, so nobody is there to be asked by default. A schedule in the definition counts as well. */
  unattended?: boolean;
}

/** No sandbox is assumed: a step that wants one must never run outside of it because nobody looked. */
export const NOTHING_KNOWN: Known = { functions: null, roles: null, sandboxes: [], workflows: null };

export interface Draft {
  problems: Problems;
  known: Known;
  nodes: Map<string, FlowNode>;
  /** Offset of each node. */
  places: Map<string, number>;
  startNodeId: string;
  startAt: number;
  edges: { from: string; to: string; at: number }[];
  /** False once an edge could not be read: what needs the whole graph (reachability, loops, joins) would then be a guess. */
  graphKnown: boolean;
  /** Templates and expressions, with the names that are there only for them. */
  texts: {
    kind: "template" | "expression" | "until" | "path";
    source: string;
    at: number;
    label: string;
    locals: readonly string[];
  }[];
  aliases: Map<string, string>;
  agents: string[];
  unattended: boolean;
  sharedSession: boolean;
}

/** A node goes to `to`, empty when it could not be read; the place is where that is written. */
export function edge(draft: Draft, from: string, to: string, at: number): string {
  if (to !== "") draft.edges.push({ from, to, at });
  else draft.graphKnown = false;
  return to;
}

/** Reads edges; when something is wrong with them, the graph is not known. */
export function readEdges<T>(draft: Draft, read: () => T): T {
  const before = draft.problems.errors.length;
  const found = read();
  if (draft.problems.errors.length > before) draft.graphKnown = false;
  return found;
}

export function targetsOf(node: FlowNode): string[] {
  switch (node.type) {
    case "end":
      return [];
    case "branch":
      return [node.truthy, node.falsy];
    case "parallel":
      return [...node.branches, node.next];
    case "approval":
      return Object.values(node.next);
    case "event":
      return node.expired === null ? [node.next] : [node.next, node.expired];
    default:
      return [node.next];
  }
}

/** The same node with every target replaced. */
export function mapTargets(node: FlowNode, to: (target: string) => string): FlowNode {
  switch (node.type) {
    case "end":
      return node;
    case "branch":
      return { ...node, truthy: to(node.truthy), falsy: to(node.falsy) };
    case "parallel":
      return { ...node, branches: node.branches.map(to), next: to(node.next) };
    case "approval":
      return {
        ...node,
        next: Object.fromEntries(Object.entries(node.next).map(([option, target]) => [option, to(target)])),
      };
    case "event":
      return { ...node, next: to(node.next), expired: node.expired === null ? null : to(node.expired) };
    default:
      return { ...node, next: to(node.next) };
  }
}
