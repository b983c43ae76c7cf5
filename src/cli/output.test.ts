import { expect, test } from "vitest";
import { errorInfo } from "../contract/errors.ts";
import { createOutput, type Format, fields, table } from "./output.ts";

const plain = (_paint: unknown, text: string) => text;

function capture(format: Format) {
  const text = { stdout: "", stderr: "" };
  const out = createOutput(format, {
    stdout: {
      write(chunk) {
        text.stdout += chunk;
      },
    },
    stderr: {
      write(chunk) {
        text.stderr += chunk;
      },
    },
    env: {},
  });
  return { out, text };
}

test("a program gets one JSON line and no remarks, a person gets text", () => {
  const program = capture("json");
  program.out.note("a remark");
  program.out.result({ a: 1 }, () => "never");
  expect(program.text).toEqual({ stdout: '{"a":1}\n', stderr: "" });
  const person = capture("text");
  person.out.note("a remark");
  person.out.result({ a: 1 }, () => "one");
  expect(person.text).toEqual({ stdout: "one\n", stderr: "a remark\n" });
});

test("an error names code, field and remedy, and gives its exit code", () => {
  const info = errorInfo("not_found", "no run r1", { field: "RUN", remedy: "list them" });
  const person = capture("text");
  expect(person.out.error(info)).toBe(4);
  expect(person.text.stderr).toBe("error: no run r1\n  at:     RUN\n  remedy: list them\n");
  const program = capture("json");
  program.out.error(info);
  expect(JSON.parse(program.text.stdout)).toEqual({ error: info });
});

test("what others wrote cannot steer the terminal, whatever a command forgot to escape", () => {
  const person = capture("text");
  person.out.result({}, (paint) => `${paint("green", "ok")} \u001b]0;title\u0007\u001b[2Jgone\u202e`);
  person.out.note("\u001b[2Jgone");
  expect(person.text).toEqual({ stdout: "ok ␛]0;title␇␛[2Jgone\\u{202e}\n", stderr: "␛[2Jgone\n" });
});

test("tables and fields line up, and show no control characters of others", () => {
  expect(
    table(
      ["name", "x"],
      [
        ["a\u001b[31m", "1"],
        ["日本", "2"],
      ],
      plain,
    ),
  ).toBe("name   x\na␛[31m  1\n日本   2".replace("name   x", "name    x").replace("日本   2", "日本    2"));
  expect(
    fields(
      [
        ["run", "r1"],
        ["gone", null],
        ["waits for", "a\nb"],
      ],
      plain,
    ),
  ).toBe("run        r1\nwaits for  a\n           b");
});
