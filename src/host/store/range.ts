/** From `.withIndex(name, q => q.eq().gt())` to an interval of keys. */
import { HostError } from "../values/error.ts";
import { afterPrefix, encodeKey, MAX_KEY, MIN_KEY } from "../values/key.ts";
import type { Json, RangeJson } from "./types.ts";

/** low <= key < high */
export interface Interval {
  low: Uint8Array;
  high: Uint8Array;
}

export const EVERYTHING: Interval = { low: MIN_KEY, high: MAX_KEY };

/**
 * `fields` are the index's fields including the implicit ones. A range is a chain: any number of `eq` on the first fields in
 * order, then at most one lower and one upper bound on the next field.
 */
export function intervalOf(range: readonly RangeJson[], fields: readonly string[]): Interval {
  if (range.length === 0) return EVERYTHING;
  const equal: Json[] = [];
  let lower: RangeJson | null = null;
  let upper: RangeJson | null = null;
  for (const [i, step] of range.entries()) {
    const expected = fields[equal.length];
    if (step.type === "Eq") {
      if (lower !== null || upper !== null) {
        throw new HostError(
          `Incorrect operator used in \`withIndex\`, cannot chain \`.eq()\` after \`.${range[i - 1]!.type.toLowerCase()}()\``,
        );
      }
      checkField(step, expected);
      equal.push(step.value);
      continue;
    }
    const isLower = step.type === "Gt" || step.type === "Gte";
    const other = isLower ? upper : lower;
    if (lower !== null && upper !== null) {
      throw new HostError(
        "Incorrect operator used in `withIndex`, cannot chain more operators after both `.gt` and `.lt` were already used, " +
          `got \`.${step.type.toLowerCase()}(${step.fieldPath}, ${JSON.stringify(step.value)})\`.`,
      );
    }
    if ((isLower ? lower : upper) !== null) {
      throw new HostError(
        `Incorrect operator used in \`withIndex\`, cannot chain \`.${step.type.toLowerCase()}()\` ` +
          `after \`.${range[i - 1]!.type.toLowerCase()}()\``,
      );
    }
    if (other !== null && other.fieldPath !== step.fieldPath) {
      throw new HostError(
        "Incorrect field used in `withIndex`, `.gt` and `.lt` must operate on the same field, " +
          `expected "${other.fieldPath}", got "${step.fieldPath}"`,
      );
    }
    checkField(step, expected);
    if (isLower) lower = step;
    else upper = step;
  }
  const base = encodeKey(equal);
  return { low: lowOf(base, equal, lower), high: highOf(base, equal, upper) };
}

function checkField(step: RangeJson, expected: string | undefined): void {
  if (step.fieldPath === expected) return;
  throw new HostError(`Incorrect field used in \`withIndex\`, expected "${expected}", got "${step.fieldPath}"`);
}

function lowOf(base: Uint8Array, equal: Json[], bound: RangeJson | null): Uint8Array {
  if (bound === null) return base;
  const key = encodeKey([...equal, bound.value]);
  return bound.type === "Gt" ? afterPrefix(key) : key;
}

function highOf(base: Uint8Array, equal: Json[], bound: RangeJson | null): Uint8Array {
  if (bound === null) return equal.length === 0 ? MAX_KEY : afterPrefix(base);
  const key = encodeKey([...equal, bound.value]);
  return bound.type === "Lte" ? afterPrefix(key) : key;
}
