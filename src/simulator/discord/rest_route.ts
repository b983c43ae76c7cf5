/** One route of the REST API. */
import type { SimReply } from "../http.ts";
import type { Interactions, Upload } from "./interactions.ts";
import type { Wire } from "./types.ts";
import type { World } from "./world.ts";

export interface RestContext {
  world: World;
  interactions: Interactions;
  token: string;
  gatewayUrl: () => string;
  shards: () => number;
}

export interface Call {
  /** The parts of the path that are ids, by name. */
  at: Record<string, string>;
  query: URLSearchParams;
  upload: Upload;
}

export interface RestRoute {
  /** `METHOD /path/{id}`, as the specification writes it. */
  route: string;
  name: string;
  /** False: the token is in the path. */
  auth?: false;
  run(context: RestContext, call: Call): SimReply;
}

/** Why a body is not what the specification allows; empty: it is. */
export type BodyCheck = (route: string, body: Wire) => string[];

export const json = (body: unknown, status = 200): SimReply => ({ status, body });
export const NOTHING: SimReply = { status: 204 };
