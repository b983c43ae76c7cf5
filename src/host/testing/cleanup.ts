/** Closes a test's database when the test is over, else with the process. */
import { onTestFinished } from "vitest";

const open = new Set<() => void>();
process.once("exit", () => {
  for (const close of open) close();
});

export function atEndOfTest(close: () => void): void {
  open.add(close);
  const once = () => {
    if (open.delete(close)) close();
  };
  try {
    onTestFinished(once);
  } catch {
    // Not inside a test (a describe block, a module): it lives as long as the test file.
  }
}
