/** Who does the work. */
import { z } from "zod";
import { listTeam } from "../../model/team.ts";
import { look } from "./define.ts";

export const teamTools = {
  listFactoryTeam: look({
    description: "List who is on the team: people with their roles, and the agents.",
    input: z.object({}),
    run: async (ctx) => await listTeam(ctx, Date.now()),
  }),
};
