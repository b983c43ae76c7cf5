import { anyApi, cronJobs } from "convex/server";

const crons = cronJobs();
crons.interval("count up", { hours: 1 }, anyApi.counters!.add!, { name: "cron", by: 1 });

export default crons;
