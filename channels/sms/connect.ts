/**
 * What comes from Twilio: webhooks while the bot is there, and the list of inbound messages for what came while it was not. Twilio
 * repeats no webhook, so the list is fetched at the start, after a webhook that could not be stored, and every few minutes.
 */
import type { DeliveryReport, Inbox, WebhookReply, WebhookRequest } from "../../src/contract/adapter.ts";
import { FactoryError } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import type { InboundHistory } from "../../src/contract/lookups.ts";
import type { TwilioClient } from "./client.ts";
import { failureOf } from "./errors.ts";
import { MESSAGE_SID, SERVICE_SID } from "./ids.ts";
import { type Incoming, parseIncoming } from "./parse.ts";
import { verify } from "./webhook.ts";

export interface ConnectOptions {
  client: TwilioClient;
  accountSid: string;
  authToken: string;
  from: string;
  /** Null: Twilio cannot call; everything is fetched. */
  publicUrl: string | null;
  inbox: Inbox;
  history: InboundHistory;
  now?: () => number;
  /** Between two fetches. */
  fetchEveryMs?: number;
  log: Log;
}

export interface Connection {
  inbound(request: WebhookRequest): Promise<WebhookReply>;
  status(request: WebhookRequest): Promise<WebhookReply>;
  /**
   * Fetches what came since the last complete fetch, and goes on doing so. Rejects only with what no wait can heal (credentials):
   * webhooks come in while Twilio's API is away.
   */
  open(): Promise<void>;
  stop(): Promise<void>;
}

/** Twilio waits 15 s, people do not: what is not stored by then is fetched later. */
const ANSWER_WITHIN_MS = 900;
const FETCH_EVERY_MS = 5 * 60_000;
const FETCH_EVERY_WITHOUT_WEBHOOKS_MS = 10_000;
const FETCH_AFTER_FAILURE_MS = 5_000;
/** Twilio's clock and ours differ, and a message may enter the list late. */
const OVERLAP_MS = 5 * 60_000;
const MOST_AT_ONCE = 5_000;
/** One line about refused requests in this time: anybody on the net can make many. */
const COMPLAIN_EVERY_MS = 60_000;
const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

export function connect(options: ConnectOptions): Connection {
  const { client, accountSid, authToken, publicUrl, inbox, history, log, now = Date.now } = options;
  const everyMs = options.fetchEveryMs ?? (publicUrl === null ? FETCH_EVERY_WITHOUT_WEBHOOKS_MS : FETCH_EVERY_MS);
  const underWay = new Set<Promise<unknown>>();
  let stopped = false;
  let fetching: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let complainedAt = Number.NEGATIVE_INFINITY;

  const track = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    const done = () => void underWay.delete(work);
    work.then(done, done);
    return work;
  };

  async function receive(incoming: Incoming): Promise<void> {
    const parsed = parseIncoming(incoming, accountSid);
    if (parsed.kind === "message") await inbox.receive(parsed.event);
    else log("debug", "a message that is no text of a person's phone", { why: parsed.why });
  }

  function refused(status: number, why: string): WebhookReply {
    if (now() - complainedAt >= COMPLAIN_EVERY_MS) {
      complainedAt = now();
      log("warn", "a request that is not Twilio's was refused", { status, why });
    }
    return refuse(status, why);
  }

  async function answered(request: WebhookRequest, act: (fields: Record<string, string>) => Promise<void>) {
    if (publicUrl === null) return refused(403, "PUBLIC_URL is not set, so no signature can be checked");
    const verified = await verify(request, publicUrl, authToken);
    if (!verified.ok) return refused(verified.status, verified.why);
    if (verified.fields.AccountSid !== accountSid) return refused(403, "the request is of another account");
    const work = track(act(verified.fields));
    const stored = await Promise.race([
      work.then(
        () => true,
        () => false,
      ),
      late(),
    ]);
    if (!stored) {
      fetchSoon(Math.min(everyMs, FETCH_AFTER_FAILURE_MS));
      return refuse(503, "not stored yet");
    }
    return { status: 200, headers: { "content-type": "text/xml; charset=utf-8" }, body: EMPTY_TWIML };
  }

  function fetchSoon(ms: number): void {
    if (stopped) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      catchUp().then(
        () => fetchSoon(everyMs),
        (thrown: unknown) => again(thrown),
      );
    }, ms);
    timer.unref();
  }

  function again(thrown: unknown): void {
    log("warn", "Twilio's list of messages could not be fetched, trying again", { error: String(thrown) });
    fetchSoon(Math.min(everyMs, FETCH_AFTER_FAILURE_MS));
  }

  /** One at a time; whoever asks meanwhile gets the one under way. */
  function catchUp(): Promise<void> {
    fetching ??= track(fetchMissed()).finally(() => {
      fetching = null;
    });
    return fetching;
  }

  async function fetchMissed(): Promise<void> {
    const startedAt = now();
    const since = await history.caughtUpTo();
    // Never started before: what was texted to this number until now was meant for somebody else.
    if (since === null) {
      await check();
      await history.markCaughtUp(startedAt);
      return;
    }
    const filter = SERVICE_SID.test(options.from) ? {} : { to: options.from };
    const messages = await asked(() =>
      client.messages.list({ ...filter, dateSentAfter: new Date(since), limit: MOST_AT_ONCE, pageSize: 200 }),
    );
    // The list has the newest first.
    for (const message of messages.reverse()) {
      if (stopped) return;
      if (message.direction !== "inbound") continue;
      await receive({
        sid: message.sid,
        accountSid: message.accountSid,
        from: message.from,
        body: message.body ?? "",
        media: Number(message.numMedia) || 0,
        optOutType: null,
        sentAt: (message.dateSent ?? message.dateCreated).getTime(),
      });
    }
    await history.markCaughtUp(Math.max(since, startedAt - OVERLAP_MS));
  }

  const check = async (): Promise<void> => void (await asked(() => client.messages.list({ limit: 1 })));

  return {
    inbound: (request) =>
      answered(request, async (fields) => {
        await receive({
          sid: fields.MessageSid ?? "",
          accountSid: fields.AccountSid ?? "",
          from: fields.From ?? "",
          body: fields.Body ?? "",
          media: Number(fields.NumMedia) || 0,
          optOutType: fields.OptOutType ?? null,
          sentAt: now(),
        });
      }),
    status: (request) =>
      answered(request, async (fields) => {
        const report = reportOf(fields, new URLSearchParams(request.search).get("delivery"));
        if (report !== null) await inbox.report(report);
      }),
    async open() {
      try {
        await catchUp();
        fetchSoon(everyMs);
      } catch (thrown) {
        if (thrown instanceof FactoryError) throw thrown;
        again(thrown);
      }
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await Promise.allSettled([...underWay]);
    },
  };
}

function reportOf(fields: Record<string, string>, deliveryId: string | null): DeliveryReport | null {
  const { MessageSid: receipt = "", MessageStatus: status, ErrorCode: code } = fields;
  if (!MESSAGE_SID.test(receipt)) return null;
  const failed = status === "undelivered" || status === "failed";
  return {
    channel: "sms",
    receipt,
    deliveryId,
    state: failed ? "failed" : status === "delivered" ? "delivered" : "accepted",
    error: failed
      ? failureOf(code === undefined ? null : Number(code), `the message was not delivered (${status})`)
      : null,
  };
}

/** A refusal that names the variable at fault; anything else as it is. */
async function asked<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const { status, code } = thrown as { status?: number; code?: number };
    if (status !== 401 && code !== 20003) throw thrown;
    throw new FactoryError("unauthenticated", "Twilio does not accept the credentials (20003)", {
      field: "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN",
      remedy: "copy both from the front page of Twilio's console",
      cause: thrown,
    });
  }
}

const refuse = (status: number, why: string): WebhookReply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: why,
});

const late = (): Promise<false> =>
  new Promise((done) => {
    setTimeout(() => done(false), ANSWER_WITHIN_MS).unref();
  });
