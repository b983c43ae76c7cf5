/** Reading what a platform sent: nothing is trusted to be there. */
export type Body = { readonly [name: string]: unknown };

export const isBody = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object at a path; an empty one when there is none. */
export function bodyAt(value: unknown, ...path: string[]): Body {
  let at = value;
  for (const name of path) at = isBody(at) ? at[name] : undefined;
  return isBody(at) ? at : {};
}

/** The text at a path; null when there is none, or an empty one. */
export function textAt(value: unknown, ...path: string[]): string | null {
  const found = bodyAt(value, ...path.slice(0, -1))[path.at(-1) ?? ""];
  return typeof found === "string" && found !== "" ? found : null;
}

/** The objects of a list; what is none is left out. */
export function bodiesAt(value: unknown, ...path: string[]): Body[] {
  const found = bodyAt(value, ...path.slice(0, -1))[path.at(-1) ?? ""];
  return Array.isArray(found) ? found.filter(isBody) : [];
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
