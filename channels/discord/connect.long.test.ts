/** Every code with which Discord closes a connection. */
import { test } from "vitest";
import { closedForAWhile, closedForGood, refusedAtStart } from "./closings.test-support.ts";

const FOR_GOOD = [4004, 4010, 4011, 4012, 4013, 4014];
/** Resumed after half a second, or, where Discord knows the session no more, begun anew after discord.js's five. */
const FOR_A_WHILE = [1000, 1001, 1011, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009];

test.concurrent.for(FOR_GOOD)(
  "%i while running -> failed with the reason, one error, no new connection",
  closedForGood,
);

test.concurrent.for(FOR_GOOD)("%i at the start -> refused with the reason, for good", refusedAtStart);

test.concurrent.for(FOR_A_WHILE)("%i -> connected again, and what was said meanwhile is taken once", closedForAWhile);
