import { expect, test } from "vitest";
import { linkNames, mentionsIn } from "./mentions.ts";
import { USERS } from "./seed.ts";

const FACTORY = "<@1000000000000000001>";

test.each([
  ["@factory ship it", `${FACTORY} ship it`],
  ["@Factory ship it", `${FACTORY} ship it`],
  ["hey (@FACTORY), go", `hey (${FACTORY}), go`],
  ["@Other bot and @Ana", "<@1000000000000000103> and <@1000000000000000101>"],
  ["mail ana@factory or @factory_x or @everyone", "mail ana@factory or @factory_x or @everyone"],
  [`${FACTORY} @`, `${FACTORY} @`],
])("%s -> %s", (typed, sent) => {
  expect(linkNames(typed, USERS)).toBe(sent);
});

test("only people who are there are pinged, each once", () => {
  expect(mentionsIn(`${FACTORY} <@!1000000000000000001> <@42>`, USERS)).toEqual(["1000000000000000001"]);
});
