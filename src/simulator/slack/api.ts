/** The Web API: token → rate limit → scope → method, in Slack's order, with faults between. */
import type { Clock } from "../clock.ts";
import type { Fault, Faults } from "../faults.ts";
import type { Holds } from "../holds.ts";
import { readFields, type SimReply, type SimRequest } from "../http.ts";
import { readArguments } from "./arguments.ts";
import type { RateLimits } from "./limits.ts";
import { METHODS } from "./methods/index.ts";
import type { MethodContext } from "./methods/method.ts";
import { APP_METHOD_SCOPES, METHOD_SCOPES } from "./scopes.ts";
import { SlackError } from "./types.ts";
import type { Wire } from "./wire.ts";

export interface ApiCall {
  method: string;
  /** As they came, without the token. */
  args: Record<string, unknown>;
  /** `ok`, Slack's error code, or what a fault did (`429`, `500`, `hung up`). */
  outcome: string;
  at: number;
}

export interface Api {
  handle(method: string, request: SimRequest): Promise<SimReply>;
  /** Oldest first. */
  calls(method?: string): ApiCall[];
}

const LONGEST_LOG = 5_000;

export function createApi(options: {
  context: MethodContext;
  faults: Faults;
  holds: Holds;
  limits: RateLimits | null;
  clock: Clock;
  botToken: string;
  appToken: string;
}): Api {
  const { context, faults, holds, limits, clock, botToken, appToken } = options;
  const { installation } = context.workspace;
  const log: ApiCall[] = [];

  function authorize(method: string, token: string | null): string[] {
    if (token === null) throw new SlackError("not_authed");
    const forApp = APP_METHOD_SCOPES[method];
    if (token === appToken) {
      if (installation.appTokenError !== null) throw new SlackError(installation.appTokenError);
      if (forApp === undefined) throw new SlackError("not_allowed_token_type");
      return demand(forApp, installation.appScopes);
    }
    if (token !== botToken) throw new SlackError("invalid_auth");
    if (installation.botTokenError !== null) throw new SlackError(installation.botTokenError);
    if (forApp !== undefined) throw new SlackError("not_allowed_token_type");
    return demand(METHOD_SCOPES[method] ?? [], installation.botScopes);
  }

  function run(method: string, raw: Record<string, unknown>, token: string | null): Wire {
    if (method === "api.test" && token === null) return { ok: true, args: raw };
    const implementation = METHODS[method];
    if (implementation === undefined) throw new SlackError("unknown_method", { req_method: method });
    authorize(method, token);
    return { ok: true, ...implementation(readArguments(raw), context) };
  }

  /** The answer, and what the log says of it. */
  function answer(method: string, raw: Record<string, unknown>, token: string | null): [SimReply, string] {
    const accepted = (METHOD_SCOPES[method] ?? APP_METHOD_SCOPES[method] ?? []).join(",");
    const scopes = token === appToken ? installation.appScopes : installation.botScopes;
    const headers = {
      "x-oauth-scopes": scopes.join(","),
      "x-accepted-oauth-scopes": accepted,
      "x-slack-req-id": `req-${log.length}`,
    };
    try {
      return [{ status: 200, headers, body: run(method, raw, token) }, "ok"];
    } catch (thrown) {
      if (!(thrown instanceof SlackError)) throw thrown;
      return [{ status: 200, headers, body: { ok: false, error: thrown.code, ...thrown.more } }, thrown.code];
    }
  }

  async function withFault(fault: Fault | null, go: () => [SimReply, string]): Promise<[SimReply, string]> {
    switch (fault?.kind) {
      case "drop":
        return [hangUp, "hung up"];
      case "status":
        return [{ status: fault.status, body: "simulated failure" }, String(fault.status)];
      case "rate_limit":
        return [tooMany(fault.retryAfterS), "429"];
      case "error":
        return [{ status: 200, body: { ok: false, error: fault.error } }, fault.error];
      case "delay":
        await new Promise<void>((done) => clock.after(fault.delayMs, done));
        return go();
      case "duplicate": {
        go();
        return go();
      }
      case "status_after_success": {
        const [, outcome] = go();
        return [{ status: fault.status, body: "simulated failure" }, `${outcome}, then ${fault.status}`];
      }
      case "drop_after_success": {
        const [, outcome] = go();
        return [hangUp, `${outcome}, then hung up`];
      }
      default:
        return go();
    }
  }

  return {
    async handle(method, request) {
      const { token: inBody, ...raw } = {
        ...Object.fromEntries(request.query),
        ...(await readFields(request)),
      } as Record<string, unknown>;
      const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
      // An app-level token counts in the header only.
      const token = bearer ?? (typeof inBody === "string" && !inBody.startsWith("xapp-") ? inBody : null);
      const call: ApiCall = { method, args: raw, outcome: "", at: clock.now() };
      log.push(call);
      if (log.length > LONGEST_LOG) log.shift();
      const channel = typeof raw.channel === "string" ? raw.channel : null;
      if (!(await holds.at("before", method, raw))) {
        call.outcome = "dropped";
        return hangUp;
      }
      const [reply, outcome] = await withFault(faults.take(method, raw), () => {
        const waitS = limits?.take(method, channel) ?? null;
        return waitS === null ? answer(method, raw, token) : [tooMany(waitS), "429"];
      });
      call.outcome = outcome;
      return (await holds.at("after", method, raw)) ? reply : hangUp;
    },
    calls: (method) => log.filter((call) => method === undefined || call.method === method),
  };
}

const hangUp: SimReply = { status: 0, hangUp: true };

const tooMany = (retryAfterS: number): SimReply => ({
  status: 429,
  headers: { "retry-after": String(retryAfterS) },
  body: { ok: false, error: "ratelimited" },
});

function demand(anyOf: string[], provided: string[]): string[] {
  if (anyOf.length > 0 && !anyOf.some((scope) => provided.includes(scope))) {
    throw new SlackError("missing_scope", { needed: anyOf[0], provided: provided.join(",") });
  }
  return provided;
}
