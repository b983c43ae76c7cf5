/** Discord closes the connection: the codes of each kind; every code in connect.long.test.ts. */
import { test } from "vitest";
import { closedForAWhile, closedForGood, refusedAtStart } from "./closings.test-support.ts";

test.concurrent.for([4004, 4011, 4014])(
  "%i while running -> failed with the reason, one error, no new connection",
  closedForGood,
);

test.concurrent.for([4004, 4011, 4013])("%i at the start -> refused with the reason, for good", refusedAtStart);

test.concurrent.for([1001, 4000])("%i -> resumed, and what was said meanwhile is taken once", closedForAWhile);
