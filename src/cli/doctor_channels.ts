/** What each platform's own check found. A platform that is not configured is named and asked nothing. */
import { checkDiscord, checkSlack, examineSms, readSmsSettings } from "../../channels/index.ts";
import type { Env } from "../bot/config.ts";
import type { Check } from "./doctor.ts";

export async function examineChannels(env: Env): Promise<Check[]> {
  return [
    ...named("slack", await checkSlack(env)),
    ...named("discord", await checkDiscord(env)),
    ...(await examineText(env)),
  ];
}

const absent = (name: string): Check => ({ name, ok: true, detail: "not configured", remedy: null });
const named = (name: string, found: Check[]): Check[] => (found.length === 0 ? [absent(name)] : found);

async function examineText(env: Env): Promise<Check[]> {
  const settings = readSmsSettings(env);
  if (settings.kind === "off") return [absent("sms")];
  if (settings.kind === "ready") return await examineSms(settings.config);
  const { field, message, remedy } = settings.error;
  return [{ name: "sms", ok: false, detail: `${field} ${message}`, remedy }];
}
