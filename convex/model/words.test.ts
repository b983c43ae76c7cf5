import { expect, test } from "vitest";
import { sentence } from "./words.ts";

test("a sentence begins large and ends once; what is typed as it stands stays as it is", () => {
  expect(sentence("there is no run 7")).toBe("There is no run 7.");
  expect(sentence("what now?")).toBe("What now?");
  expect(sentence("too late. ")).toBe("Too late.");
  expect(sentence("factory workflow runs lists them")).toBe("factory workflow runs lists them.");
  expect(sentence("input.version is missing")).toBe("input.version is missing.");
});
