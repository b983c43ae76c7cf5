import type { IncomingMessage, ServerResponse } from "node:http";
import { version } from "convex";
import { AuthFailure } from "../auth/index.ts";
import type { Json } from "../store/types.ts";
import { readJson } from "./body.ts";
import { isObject } from "./call_arguments.ts";
import type { WireContext } from "./context.ts";
import { HttpError } from "./http_error.ts";
import { sendJson } from "./reply.ts";

/** What `npx convex codegen --url …` asks first: the configuration now deployed. */
export async function handleConfigHashes(
  context: WireContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await readAsAdmin(context, request);
  const answer = {
    config: { functions: "convex/" },
    moduleHashes: [],
    nodeDependencies: [],
    udfServerVersion: version,
  };
  sendJson(response, 200, JSON.stringify(answer));
}

/**
 * A dry push for code generation: answers the analysis of the code this host runs. It never changes what is deployed;
 * the host loads code from the folder it was started with.
 */
export async function handleStartPush(
  context: WireContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readAsAdmin(context, request);
  const { analysis } = context.options;
  if (analysis === undefined) throw notDeployable();
  if (!isObject(body)) throw new HttpError(400, "BadJsonBody", "The request body must be a JSON object.");
  sendJson(response, 200, JSON.stringify(await analysis()));
}

/** Anything that would change the deployment. */
export function notDeployable(): HttpError {
  return new HttpError(
    404,
    "NotSupported",
    "The embedded Convex host takes its code from the folder it was started with; it cannot be deployed to.",
  );
}

/** The CLI sends its key in the body, the header or both; one good key is needed and no bad one is overlooked. */
async function readAsAdmin(context: WireContext, request: IncomingMessage): Promise<Json> {
  const { authenticator, limits } = context;
  const header = request.headers.authorization;
  if (header !== undefined && !(await authenticator.fromHeader(header)).caller.isAdmin) throw adminOnly();
  const body = await readJson(request, limits.pushBytes);
  const key = isObject(body) ? body.adminKey : undefined;
  if (typeof key === "string") authenticator.admin(key);
  else if (header === undefined) throw adminOnly();
  return body;
}

function adminOnly(): AuthFailure {
  return new AuthFailure("AdminKeyRequired", "This needs the admin key.");
}
