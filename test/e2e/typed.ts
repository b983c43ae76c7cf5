/** The command in this process: a program each would take most of a test's time. */
import { expect, vi } from "vitest";
import { run } from "../../src/cli/program.ts";

/** Commands on a bot's data folder. */
export function typist(dataDir: string) {
  async function typed(args: string[], env: Record<string, string> = {}) {
    const said = { stdout: "", stderr: "" };
    const into = (name: "stdout" | "stderr") => ({
      write: (text: string) => {
        said[name] += text;
      },
    });
    for (const [name, value] of Object.entries({ FACTORY_DATA_DIR: dataDir, CONVEX_URL: "", ...env }))
      vi.stubEnv(name, value);
    const code = await run(args, { stdout: into("stdout"), stderr: into("stderr"), env: {} });
    vi.unstubAllEnvs();
    return { code, ...said };
  }

  /** With `--format json`: stdout is one document on one line, and nothing else is said. */
  async function typedJson(args: string[], env?: Record<string, string>) {
    const { code, stdout, stderr } = await typed([...args, "--format", "json"], env);
    expect([stderr, stdout.indexOf("\n")]).toEqual(["", stdout.length - 1]);
    return { code, json: JSON.parse(stdout) };
  }

  /** What a command that must not fail says. */
  async function ok(...args: string[]) {
    const answer = await typedJson(args);
    expect([args, answer]).toEqual([args, { code: 0, json: answer.json }]);
    return answer.json;
  }

  /** One error as contract.md says it: code, reason and remedy; to people without the code, which the exit code stands for. */
  async function expectError(args: string[], code: number, error: object, env?: Record<string, string>) {
    const answer = await typedJson(args, env);
    expect(answer).toEqual({
      code,
      json: {
        error: {
          field: answer.json.error?.field === null ? null : expect.any(String),
          message: expect.stringMatching(/\S/),
          remedy: expect.stringMatching(/\S/),
          retryable: expect.any(Boolean),
          ...error,
        },
      },
    });
    const forPeople = await typed(args, env);
    expect(forPeople).toMatchObject({ code, stdout: "" });
    expect(forPeople.stderr.match(/^error: /gm)).toHaveLength(1);
    expect(forPeople.stderr).toMatch(/\n {2}remedy: \S/);
    expect(forPeople.stderr).not.toMatch(/\n {4}at /);
  }

  return { typed, typedJson, json: (...args: string[]) => typedJson(args), ok, expectError };
}
