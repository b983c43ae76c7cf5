import { expect, test } from "vitest";
import { FactoryError } from "../contract/errors.ts";
import { checkArgs, modeOf } from "./mode.ts";

test.each([[[]], [["--headless"]], [["--help"]], [["-h"]]])("%j is understood", (args) => {
  expect(() => checkArgs(args)).not.toThrow();
});

test.each([[["--nosuch"]], [["--headless", "run"]], [["--Headless"]]])("%j is refused, and nothing starts", (args) => {
  try {
    checkArgs(args);
    expect.unreachable();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FactoryError);
    expect((thrown as FactoryError).info).toMatchObject({ code: "invalid_input", retryable: false });
  }
});

test("--headless wins over a terminal", () => {
  expect(modeOf(["--headless"], { isTTY: true, fd: 0 })).toBe("headless");
  expect(modeOf([], { isTTY: true, fd: 0 })).toBe("terminal");
});
