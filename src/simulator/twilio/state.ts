/** The account, the phones and the messages, kept in the simulators' store. */
import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Collection, DocumentStore } from "../store.ts";
import type { Phone, TwilioAccount, TwilioMessage } from "./types.ts";

export interface TwilioState {
  account: TwilioAccount;
  /** Makes a change of the account durable. */
  saveAccount(): void;
  messages: Collection<TwilioMessage>;
  phones: Collection<Phone>;
  /** `next("SM")`: 34 characters, never twice, the same for the same seed. */
  next(prefix: string): string;
  clock: Clock;
}

export interface TwilioSeed {
  accountSid: string;
  authToken: string;
  number: string;
  serviceSid?: string;
  phones: { number: string; name: string }[];
}

const hex = (text: string): string => createHash("md5").update(text).digest("hex");

/** Numbers of the range that is reserved for stories. */
export const DEFAULT_SEED: TwilioSeed = {
  accountSid: `AC${hex("factory simulator account")}`,
  authToken: hex("factory simulator token"),
  number: "+15550100100",
  serviceSid: `MG${hex("factory simulator service")}`,
  phones: [
    { number: "+15550100201", name: "Ana" },
    { number: "+15550100202", name: "Bob" },
  ],
};

export function createTwilioState(store: DocumentStore, clock: Clock, seed: TwilioSeed): TwilioState {
  const accounts = store.collection<TwilioAccount>("twilio.accounts");
  const counters = store.collection<{ made: number }>("twilio.counters");
  const phones = store.collection<Phone>("twilio.phones");
  const { accountSid, authToken, number, serviceSid } = seed;
  const account =
    accounts.get(accountSid) ??
    accounts.put(accountSid, {
      sid: accountSid,
      authToken,
      numbers: [{ sid: `PN${hex(number)}`, phoneNumber: number, smsUrl: null, statusCallback: null }],
      services:
        serviceSid === undefined
          ? []
          : [{ sid: serviceSid, numbers: [number], inboundUrl: null, statusCallback: null, advancedOptOut: false }],
    });
  for (const phone of seed.phones) {
    if (phones.get(phone.number) === undefined) {
      phones.put(phone.number, { ...phone, kind: "mobile", optedOut: [] });
    }
  }
  const counter = counters.get("made") ?? counters.put("made", { made: 0 });
  return {
    account,
    saveAccount: () => void accounts.put(accountSid, account),
    messages: store.collection<TwilioMessage>("twilio.messages"),
    phones,
    next(prefix) {
      counter.made++;
      counters.put("made", counter);
      return `${prefix}${hex(`${accountSid}:${counter.made}`)}`;
    },
    clock,
  };
}

/** A number nobody has described yet is an ordinary mobile. */
export function phoneAt(state: TwilioState, number: string): Phone {
  return state.phones.get(number) ?? state.phones.put(number, { number, name: number, kind: "mobile", optedOut: [] });
}
