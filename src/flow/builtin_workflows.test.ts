import { describe, expect, it } from "vitest";
import { problemLine } from "../contract/problem.ts";
import { parseDefinition } from "./parse.ts";
import { compile, SimulatedRun } from "./simulated_run.ts";

describe("the built-in workflows", () => {
  const sources = import.meta.glob<string>("../../workflows/*.yaml", { query: "?raw", import: "default", eager: true });
  const files = Object.keys(sources).map((path) => path.replace(/^.*\//, ""));
  const load = (file: string) => compile(sources[`../../workflows/${file}`]!);

  it.each(files)("%s is valid, without warnings, and named like its file", (file) => {
    const parsed = parseDefinition(sources[`../../workflows/${file}`]!, file);
    expect(parsed.ok ? [] : parsed.problems.map(problemLine)).toEqual([]);
    expect(parsed.warnings).toEqual([]);
    expect(parsed.ok && parsed.definition.name).toBe(file.replace(/\..*$/, ""));
  });

  it("so is each that the documentation shows", () => {
    const pages = import.meta.glob<string>(["../../README.md", "../../workflows/README.md"], {
      query: "?raw",
      import: "default",
      eager: true,
    });
    const blocks = Object.values(pages).flatMap((page) => [...page.matchAll(/^```yaml\n(.*?)^```/gms)]);
    const shown = blocks.map(([, block]) => block!).filter((block) => /^startNodeId:/m.test(block));
    expect(shown).toHaveLength(2);
    for (const source of shown) expect(parseDefinition(source, "shown.yaml")).toMatchObject({ ok: true, warnings: [] });
  });

  it("deploy: built, asked, settled, tested, live", () => {
    const run = new SimulatedRun(load("deploy.yaml"), { version: "1.2", environment: "staging" }).start();
    run.done("build", "built fine");
    expect(run.ask()).toMatchObject({
      question: "Ship version 1.2 to staging?",
      payload: { version: "1.2", environment: "staging", build: "built fine" },
    });
    run.answered("ship", "yes");
    run.timer("settle");
    run.done("smoke", "all good");
    expect(run.finish).toMatchObject({
      status: "completed",
      nodeId: "shipped",
      result: "Version 1.2 is live on staging. all good",
    });
  });
  it.each([
    ["no", { by: "Ana", reason: "freeze" }, "Version 1.2 was not shipped to staging (no by Ana: freeze)."],
    ["expired", { by: null }, "Version 1.2 was not shipped to staging: nobody answered in time."],
  ])("deploy, %s -> not shipped", (option, more, result) => {
    const run = new SimulatedRun(load("deploy.yaml"), { version: "1.2", environment: "staging" }).start();
    run.done("build", "ok");
    run.answered("ship", option, more);
    expect(run.finish).toMatchObject({ status: "completed", nodeId: "kept", result });
  });
  it("deploy, a broken build -> failed, with what was said", () => {
    const run = new SimulatedRun(load("deploy.yaml"), { version: "1.2", environment: "staging" }).start();
    run.done("build", "FAILED: no compiler");
    expect(run.finish).toMatchObject({
      status: "failed",
      error: { message: "Version 1.2 is not healthy. FAILED: no compiler" },
    });
  });
  it("morning-brief: yes -> a brief; no -> nothing", () => {
    const yes = new SimulatedRun(load("morning-brief.yaml")).start();
    yes.done("research", "three mails");
    yes.answered("check", "yes");
    yes.done("compose", "short");
    expect(yes.finish).toMatchObject({ result: "short", nodeId: "done" });
    const no = new SimulatedRun(load("morning-brief.yaml")).start();
    no.done("research", "three mails");
    no.answered("check", "no");
    expect(no.finish).toMatchObject({ status: "completed", result: null, outputs: [] });
  });
});
