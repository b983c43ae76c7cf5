/** `security::check`: the rules are in `src/flow/security_check.ts`. */
import { atLeast, SEVERITIES, type Severity, securityFindings } from "../src/flow/security_check.ts";
import { internalMutation } from "./_generated/server.js";
import { fail } from "./model/errors.ts";
import { vFunctionCall } from "./model/functions.ts";
import { parseJson, toJsonText } from "./model/json.ts";

/**
 * `config`: anything; every text in it is looked through. With `failOn: low|medium|high|never` (absent: high) beside it, a finding
 * of at least that weight fails the step. Output: `{passed, findings}`.
 */
export const check = internalMutation({
  args: { call: vFunctionCall },
  handler: async (_ctx, { call }): Promise<string> => {
    const given = parseJson(call.args, "config");
    const { failOn, ...rest } =
      given !== null && typeof given === "object" && !Array.isArray(given)
        ? given
        : { failOn: undefined, value: given };
    const bar = failOn ?? "high";
    const bars: readonly unknown[] = [...SEVERITIES, "never"];
    if (!bars.includes(bar)) {
      fail("invalid_input", "config.failOn is none of low, medium, high, never", { field: "config.failOn" });
    }
    const findings = securityFindings(rest);
    const failing = bar === "never" ? [] : findings.filter((one) => atLeast(one.severity, bar as Severity));
    const [worst] = failing;
    if (worst !== undefined) {
      fail("forbidden", `the security check found ${failing.length}: ${worst.rule} in ${worst.path}`, {
        field: worst.path,
        remedy: "remove it, or set failOn to what may pass",
      });
    }
    return toJsonText({ passed: findings.length === 0, findings }, "output");
  },
});
