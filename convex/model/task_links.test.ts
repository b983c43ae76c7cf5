import { describe, expect, test } from "vitest";
import { linksOf } from "./task_links.ts";

describe("tags and issues of a task", () => {
  test("are kept in one form, each once", () => {
    const issues = [
      "acme/site#12",
      "https://github.com/acme/site/issues/12",
      "#7",
      "http://127.0.0.1:1/acme/api/pull/3?x=1",
    ];
    expect(linksOf({ tags: ["#Web", "web", "back end"], issues })).toEqual({
      tags: ["web", "back end"],
      issues: ["acme/site#12", "#7", "acme/api#3"],
    });
  });

  test("none are none", () => {
    expect(linksOf({})).toEqual({});
    expect(linksOf({ tags: [], issues: [] })).toEqual({});
  });

  test.each([
    [{ issues: ["twelve"] }, "names no GitHub issue"],
    [{ issues: ["acme/site"] }, "names no GitHub issue"],
    [{ tags: ["a\u202eb"] }, "cannot be a tag"],
    [{ tags: Array.from({ length: 11 }, (_, index) => `t${index}`) }, "a task has at most 10 tags"],
  ])("%j is refused", (links, message) => {
    expect(() => linksOf(links)).toThrow(message);
  });
});
