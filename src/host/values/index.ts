/** Convex values in JSON form: keys, ids, validators, limits. Knows no storage. */
export { describeValidator, describeValue } from "./describe.ts";
export { HostError, type HostErrorReason, isStorageFailure } from "./error.ts";
export { newId, tableNumberOf } from "./ids.ts";
export { encodeKey } from "./key.ts";
export { measure } from "./limits.ts";
export { compileValidator, type Matcher, type TableOfId, validateJson } from "./validate.ts";
