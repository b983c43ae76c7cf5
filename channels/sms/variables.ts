/** All three or none. Here, and not with what reads them, so that a bot without text messages loads nothing of Twilio's. */
export const SMS_VARIABLES = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"] as const;

export const namesSms = (env: Record<string, string | undefined>): boolean =>
  SMS_VARIABLES.some((name) => (env[name]?.trim() ?? "") !== "");
