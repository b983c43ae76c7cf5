/** Workflows of one question, for tests. */
export const ask = (name: string, approval: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  name,
  startNodeId: "ask",
  nodes: { ask: { type: "approval", question: `${name}?`, ...approval }, yes: { type: "end" }, no: { type: "end" } },
  ...more,
});
export const YES_NO = { options: ["yes", "no"], next: { yes: "yes", no: "no" } };
