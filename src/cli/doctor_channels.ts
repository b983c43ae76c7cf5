/** What each platform's own check found. A platform that is not configured is named and asked nothing. */
import { checkDiscord, checkSlack, checkSms } from "../../channels/index.ts";
import type { Env } from "../bot/config.ts";
import type { Check } from "./doctor.ts";

export async function examineChannels(env: Env): Promise<Check[]> {
  return [
    ...named("slack", await checkSlack(env)),
    ...named("discord", await checkDiscord(env)),
    ...named("sms", await checkSms(env)),
  ];
}

const absent = (name: string): Check => ({ name, ok: true, detail: "not configured", remedy: null });
const named = (name: string, found: Check[]): Check[] => (found.length === 0 ? [absent(name)] : found);
