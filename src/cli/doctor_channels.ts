/** What each platform's own check found. A platform that is not configured is named and asked nothing. */
import { checkDiscord, examineSms, readSmsSettings } from "../../channels/index.ts";
import type { Env } from "../bot/config.ts";
import type { Check } from "./doctor.ts";

export async function examineChannels(env: Env): Promise<Check[]> {
  return [...(await checkDiscord(env)), ...(await examineText(env))];
}

async function examineText(env: Env): Promise<Check[]> {
  const settings = readSmsSettings(env);
  if (settings.kind === "off") return [{ name: "sms", ok: true, detail: "not configured", remedy: null }];
  if (settings.kind === "ready") return await examineSms(settings.config);
  const { field, message, remedy } = settings.error;
  return [{ name: "sms", ok: false, detail: `${field} ${message}`, remedy }];
}
