/** Names of Twilio's things, and of phones. */
import { parsePhoneNumberFromString } from "libphonenumber-js/min";

export const MESSAGE_SID = /^(?:SM|MM)[0-9a-fA-F]{32}$/;
export const ACCOUNT_SID = /^AC[0-9a-fA-F]{32}$/;
export const SERVICE_SID = /^MG[0-9a-fA-F]{32}$/;

/**
 * A number as E.164; null: no number. Short codes and senders with letters are none: nobody who could answer a question writes from
 * one.
 */
export function toE164(text: string): string | null {
  const trimmed = text.trim();
  // Lengths and country codes are all that is looked at: a number that was given out yesterday is in no list of valid ones.
  const number = parsePhoneNumberFromString(trimmed);
  if (number?.isPossible() === true) return number.number;
  return /^\+[1-9]\d{6,14}$/.test(trimmed) ? trimmed : null;
}

export const smsHandle = (number: string): string => `sms:${number}`;
export const smsPlace = smsHandle;

/** The number of a place; null: not one of this channel. */
export const numberOf = (place: string): string | null =>
  place.startsWith("sms:+") ? place.slice("sms:".length) : null;

/** The receipt of a delivery of which nothing needed to be said, for example a question that was answered before it was asked here. */
export const nothingSaid = (deliveryId: string): string => `none:${deliveryId}`;
export const isNothingSaid = (receipt: string): boolean => receipt.startsWith("none:");
