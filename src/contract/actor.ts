/**
 * Who acts, as an ingress knows it. The backend resolves it to a person at that moment; nobody is trusted for a name they say.
 */
import { z } from "zod";

export const zActor = z.discriminatedUnion("kind", [
  /** Somebody on a platform, by the handle that the platform vouches for. */
  z.object({ kind: z.literal("handle"), handle: z.string().min(1).max(200), channel: z.string().min(1).max(20) }),
  /** The operator's shell: one person (the owner), who may act for another; recorded as "operator (OS user) for X via cli". */
  z.object({
    kind: z.literal("operator"),
    osUser: z.string().min(1).max(100),
    as: z.string().min(1).max(100).nullable(),
    channel: z.string().min(1).max(20),
  }),
]);
export type Actor = z.infer<typeof zActor>;
