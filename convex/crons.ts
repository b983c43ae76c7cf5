import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.daily("forget old events", { hourUTC: 3, minuteUTC: 17 }, internal.inbound.sweep, {});
// What was recorded before a root can no longer be cut off unseen.
crons.interval("root of the record", { minutes: 5 }, internal.audit.root, {});
crons.daily("forget calls that are over", { hourUTC: 3, minuteUTC: 37 }, internal.retention.sweep, {});
crons.daily("forget events from outside", { hourUTC: 3, minuteUTC: 27 }, internal.hooks.sweep, {});
crons.interval("mend schedules", { minutes: 30 }, internal.schedules.mend, {});
// Seen twice is trouble, so half a minute between looks tells it well within two.
crons.interval("look for what is stuck", { seconds: 30 }, internal.watch.look, {});
// Of runs that are over; what has piled up meanwhile is removed in small transactions, one after the other.
crons.interval("remove journals of drivers", { seconds: 20 }, internal.driver.sweep, {});

export default crons;
