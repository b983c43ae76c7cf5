/** For tests: a small valid file in each notation. */
export const GRAPH = `id: brief
startNodeId: research
sharedSession: { title: Brief }
nodes:
  research:
    type: task
    prompt: Read it
    saveAs: emails
    next: check
  check:
    type: approval
    question: "Send {{emails}}?"
    options: [yes, no]
    next: { yes: send, no: done }
  send:
    type: task
    prompt: "Compose {{emails}}"
    next: done
  done: { type: end, result: emails }
`;
export const STEPS = `id: build
name: Feature Build
agents: [architect, coder]
steps:
  - name: Spec
    functionId: "agent::chat"
    promptTemplate: "Design {{feature}}"
    outputVar: tech_spec
  - name: Build It
    functionId: "agent::chat"
    promptTemplate: "Build {{tech_spec}} or {{Spec}}"
    agent: coder
    errorMode: retry
    maxRetries: 2
  - name: Review
    promptTemplate: "Review {{build_it}} {{review_result}}"
    mode: loop
    maxIterations: 3
    until: LGTM
    outputVar: review_result
`;
