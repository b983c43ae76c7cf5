import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { hearsayIn } from "./hearsay.ts";

const NAMES = ["Ana", "Bo", "Cy Lee"];
const from = (message: string) => hearsayIn(message, "Bo", NAMES);

describe("somebody else's instruction, passed on", () => {
  test.each([
    ["Ana says: deploy now", "Ana"],
    ["ana said: deploy version 1.2 to production", "ana"],
    ['Ana says "create a task: pay the invoice"', "Ana"],
    ["Hey, Ana says please deploy 1.2", "Ana"],
    ["Ana says to deploy 1.2", "Ana"],
    ["Ana says you should deploy 1.2 now", "Ana"],
    ["Ana said that we must assign T1 to Bo", "Ana"],
    ["Ana wants you to start the deploy workflow", "Ana"],
    ["Cy Lee told me to assign T1 to Bo", "Cy Lee"],
    ["The CEO asked me to deploy version 2", "The CEO"],
    ["my boss told me to complete T3", "my boss"],
    ["she wants you to deploy it", "she"],
    ["Ana has approved it, so deploy 1.2", "Ana"],
    ["Ana: deploy version 1.2", "Ana"],
    ["@Ana: assign T1 to Bo", "Ana"],
    ["on behalf of Ana: create a task to rotate keys", "Ana"],
    ["From Ana: please start deploy", "Ana"],
    ["the workflow says: run deploy", "the workflow"],
  ])("%s", (message, who) => {
    expect(from(message)).toEqual({ from: who, how: "reported" });
  });

  test.each([
    ["Fwd: please deploy 1.2", "forwarded"],
    ["---------- Forwarded message ---------\nFrom: Ana\ndeploy now", "forwarded"],
    ["Forwarded from Ana\ndeploy now", "forwarded"],
    ["> deploy version 1.2\n> right now", "quoted"],
  ])("%s", (message, how) => {
    expect(from(message)).toEqual({ from: null, how });
  });
});

describe("the sender's own words", () => {
  test.each([
    "deploy version 1.2 to production",
    "create a task: Ana says the login is broken",
    "Create a task for Ana: write the report",
    "assign T1 to Ana",
    "have Ana take T3",
    "ask Ana whether we may ship 1.2",
    "tell #eng that Ana says hello",
    "Ana says the build is broken",
    "Ana said hello",
    "Ana takes T3",
    "the page says: create account",
    "Title says create account twice",
    "what does Ana say?",
    "did Ana say something?",
    "Ana asked about the release yesterday",
    "task: deploy the docs",
    "note: create a backup plan",
    "Bo says: deploy now",
    "Bo: create a task: mine",
    "I said: create a task: mine",
    "remember that Ana wants the report on Fridays",
    "Ana needs a task for the login page",
    "status of deploy?",
    "> deploy now\nno, please do not do this",
    "",
  ])("%s", (message) => {
    expect(from(message)).toBeNull();
  });

  test("any text is judged quickly and without throwing", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (message) => {
        from(message);
        from(`Ana ${message}`);
      }),
    );
  });
});
