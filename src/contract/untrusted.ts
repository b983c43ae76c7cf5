/** Reading what came from outside: nothing is trusted to be there. */
export type Body = { readonly [name: string]: unknown };

export const isBody = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object at a path; an empty one when there is none. */
export function bodyAt(value: unknown, ...path: string[]): Body {
  const found = valueAt(value, path);
  return isBody(found) ? found : {};
}

/** The text at a path; null when there is none, or an empty one. */
export function textAt(value: unknown, ...path: string[]): string | null {
  const found = valueAt(value, path);
  return typeof found === "string" && found !== "" ? found : null;
}

export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

/** The objects of a list; what is none is left out. */
export const bodiesAt = (value: unknown, ...path: string[]): Body[] => listAt(value, ...path).filter(isBody);

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) at = isBody(at) ? at[name] : undefined;
  return at;
}

/** null: not an object in JSON. */
export function parseJson(text: string): Body | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isBody(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
