import { defineSchema, defineTable, makeFunctionReference, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import fc from "../../../test/property.ts";
import { openHarness } from "../testing/harness.ts";

/** What a mutation does: writes and nested calls, in a row or at once, and whether it throws at its end. */
interface Plan {
  name: string;
  children: Plan[];
  isParallel: boolean;
  fails: boolean;
}

const self = makeFunctionReference<"mutation">("tree:run");
const tree = {
  run: mutationGeneric(async (ctx, { plan }: { plan: Plan }): Promise<null> => {
    await ctx.db.insert("effects", { name: plan.name });
    const call = (child: Plan) => ctx.runMutation(self, { plan: child as never }).catch(() => null);
    const own = ctx.db.insert("effects", { name: `${plan.name}+` });
    if (plan.isParallel) await Promise.all(plan.children.map(call));
    else for (const child of plan.children) await call(child);
    await own;
    if (plan.fails) throw new Error(plan.name);
    return null;
  }),
  effects: queryGeneric(async (ctx) => (await ctx.db.query("effects").collect()).map(({ name }) => name)),
};
const schema = defineSchema({ effects: defineTable({ name: v.string() }) });

/** The names that stay. */
function model(plan: Plan): string[] {
  return plan.fails ? [] : [plan.name, `${plan.name}+`, ...plan.children.flatMap(model)];
}

function plans(depth: number): fc.Arbitrary<Plan> {
  return fc.record({
    name: fc.string({ minLength: 1, maxLength: 4 }),
    children: depth === 0 ? fc.constant([]) : fc.array(plans(depth - 1), { maxLength: 3 }),
    isParallel: fc.boolean(),
    fails: fc.boolean(),
  });
}

test("whatever fails and is caught in a tree of nested mutations, exactly the effects of the others stay", async () => {
  await fc.assert(
    fc.asyncProperty(plans(3), async (plan) => {
      const { run, kill } = openHarness({ "": { modules: { tree }, schema } });
      try {
        await run("tree:run", { plan: plan as never }).catch(() => {});
        expect(((await run("tree:effects")) as string[]).toSorted()).toEqual(model(plan).toSorted());
      } finally {
        kill();
      }
    }),
    { numRuns: 40 },
  );
});
