import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.daily("forget old events", { hourUTC: 3, minuteUTC: 17 }, internal.inbound.sweep, {});

export default crons;
