/**
 * Discord's REST API, version 10: routing, authorization, rate limits, faults, the check against the specification. What each route
 * does is in the files `rest_*.ts`. Faults are ordered by the operation's name (`messages.create`) with `channel` as a field.
 */
import type { Faults } from "../faults.ts";
import type { Holds } from "../holds.ts";
import type { SimReply, SimRequest } from "../http.ts";
import { readUpload } from "./body.ts";
import { type RateLimits, tooMany } from "./rate_limits.ts";
import { applicationRoutes } from "./rest_application.ts";
import { channelRoutes } from "./rest_channels.ts";
import { interactionRoutes } from "./rest_interactions.ts";
import { messageRoutes } from "./rest_messages.ts";
import type { BodyCheck, Call, RestContext, RestRoute } from "./rest_route.ts";
import { json } from "./rest_route.ts";
import { DiscordError, type Wire } from "./types.ts";

export interface RestOptions extends RestContext {
  faults: Faults;
  holds: Holds;
  rateLimits: RateLimits | null;
  check: BodyCheck | null;
}

export interface Seen {
  name: string;
  route: string;
  at: Record<string, string>;
  body: Wire;
  files: number;
  status: number;
}

const hangUp: SimReply = { status: 0, hangUp: true };
const ROUTES: RestRoute[] = [...applicationRoutes, ...channelRoutes, ...messageRoutes, ...interactionRoutes];
const PATTERNS = ROUTES.map((route) => {
  const [method, path] = route.route.split(" ") as [string, string];
  const names: string[] = [];
  const pattern = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name);
    return "([^/]+)";
  });
  return { route, method, pattern: new RegExp(`^/v\\d+${pattern}$`), names };
});

/** `seen`: every call, newest last, for whoever looks at what the bot did. */
export function createRest(options: RestOptions): {
  handle(request: SimRequest): Promise<SimReply>;
  seen: Seen[];
} {
  const { faults, holds, rateLimits, check, token } = options;
  const seen: Seen[] = [];

  async function handle(request: SimRequest): Promise<SimReply> {
    for (const { route, method, pattern, names } of PATTERNS) {
      if (method !== request.method) continue;
      const found = pattern.exec(decodeURIComponent(request.path));
      if (found === null) continue;
      const at = Object.fromEntries(names.map((name, index) => [name, found[index + 1]!]));
      const call: Call = { at, query: request.query, upload: await readUpload(request) };
      const fields = { ...at, ...call.upload.body };
      const goesOn = await holds.at("before", route.name, fields);
      const done = goesOn ? await guarded(request, route, call) : hangUp;
      // The answer is lost, what was done is done.
      const reply = goesOn && !(await holds.at("after", route.name, fields)) ? hangUp : done;
      seen.push({
        name: route.name,
        route: route.route,
        at,
        body: call.upload.body,
        files: call.upload.files.length,
        status: reply.hangUp === true ? 0 : reply.status,
      });
      if (seen.length > 5_000) seen.shift();
      return reply;
    }
    return json({ message: "404: Not Found", code: 0 }, 404);
  }

  async function guarded(request: SimRequest, route: RestRoute, call: Call): Promise<SimReply> {
    const known = request.headers.authorization === `Bot ${token}` && !options.world.settings.tokenReset;
    if (route.auth !== false && !known) {
      return json({ message: "401: Unauthorized", code: 0 }, 401);
    }
    const { channel_id: channel = "", interaction_token: secret = "" } = call.at;
    const fault = faults.take(route.name, { channel, ...call.at });
    if (fault?.kind === "drop") return hangUp;
    if (fault?.kind === "status") return json({ message: `${fault.status}: on order`, code: 0 }, fault.status);
    if (fault?.kind === "rate_limit") return tooMany(fault.retryAfterS, "user");
    if (fault?.kind === "error") return asReply(new DiscordError(400, Number(fault.error) || 0, fault.error));
    if (fault?.kind === "delay") {
      const { delayMs } = fault;
      await new Promise<void>((done) => void options.world.clock.after(delayMs, done));
    }
    const counted = rateLimits?.count(route.name, channel || secret);
    if (counted?.refusal != null) return counted.refusal;
    const problems = check?.(route.route, call.upload.body) ?? [];
    if (problems.length > 0) {
      return asReply(new DiscordError(400, 50035, `Invalid Form Body: ${problems.join("; ")}`, { spec: problems }));
    }
    const reply = run(route, call);
    if (fault?.kind === "duplicate") run(route, call);
    // What was refused anyway is told.
    if (reply.status >= 400) return reply;
    if (fault?.kind === "drop_after_success") return hangUp;
    if (fault?.kind === "status_after_success") return json({ message: "on order", code: 0 }, fault.status);
    return { ...reply, headers: { ...counted?.headers, ...reply.headers } };
  }

  const run = (route: RestRoute, call: Call): SimReply => {
    try {
      return route.run(options, call);
    } catch (thrown) {
      if (thrown instanceof DiscordError) return asReply(thrown);
      throw thrown;
    }
  };
  return { handle, seen };
}

function asReply({ status, code, message, errors }: DiscordError): SimReply {
  return json({ message, code, ...(errors === null ? {} : { errors }) }, status);
}
