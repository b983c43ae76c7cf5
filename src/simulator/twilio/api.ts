/**
 * The Messages API, and what a set-up check asks: account and numbers. Form-encoded, basic auth.
 * Faults by order: `messages.create`, `messages.list`, `messages.fetch`, `accounts.fetch`, `numbers.list`; `{kind: "error", error: "21611"}` is
 * Twilio's own error of that number.
 */
import type { Fault, Faults } from "../faults.ts";
import { readFields, type SimHandler, type SimReply, type SimRequest } from "../http.ts";
import { twilioError } from "./errors.ts";
import { segmentsOf } from "./segments.ts";
import { phoneAt, type TwilioState } from "./state.ts";
import type { TwilioMessage } from "./types.ts";
import { wireMessage } from "./wire.ts";

export interface ApiCall {
  method: string;
  path: string;
  query: Record<string, string>;
  fields: Record<string, unknown>;
  status: number;
}

const ROOT = /^\/2010-04-01\/Accounts\/([^/]+?)(?:\.json|\/(.+)\.json)$/;
const LONGEST_BODY = 1600;

export function createApi(options: {
  state: TwilioState;
  faults: Faults;
  queue(message: TwilioMessage): void;
  /** Everything asked, oldest first. */
  log: ApiCall[];
}): SimHandler {
  const { state, faults, queue, log } = options;

  return async (request) => {
    const service = /^\/v1\/Services\/(MG[0-9a-f]{32})$/.exec(request.path)?.[1];
    if (service !== undefined && request.method === "GET") return fetchService(request, service);
    const match = ROOT.exec(request.path);
    if (match === null) return null;
    const fields = request.method === "POST" ? await readFields(request) : {};
    const reply = await answer(request, match[1]!, match[2] ?? "", fields);
    log.push({
      method: request.method,
      path: request.path,
      query: Object.fromEntries(request.query),
      fields,
      status: reply.hangUp === true ? 0 : reply.status,
    });
    return reply;
  };

  async function answer(
    request: SimRequest,
    accountSid: string,
    resource: string,
    fields: Record<string, unknown>,
  ): Promise<SimReply> {
    if (!isAuthorized(request) || accountSid !== state.account.sid) return twilioError(20003);
    const sid = /^Messages\/((?:SM|MM)[0-9a-f]{32})$/.exec(resource)?.[1];
    const { method } = request;
    if (method === "POST" && resource === "Messages") {
      return await withFault("messages.create", { to: fields.To, body: fields.Body }, () => create(fields));
    }
    if (method === "GET" && resource === "Messages") {
      return await withFault("messages.list", {}, () => list(request.query));
    }
    if (method === "GET" && sid !== undefined) return await withFault("messages.fetch", { sid }, () => fetchOne(sid));
    if (method === "GET" && resource === "") return await withFault("accounts.fetch", {}, () => accountReply());
    if (method === "GET" && resource === "IncomingPhoneNumbers") {
      return await withFault("numbers.list", {}, () => numbers(request.query));
    }
    return twilioError(20404, `The requested resource ${request.path} was not found`);
  }

  function isAuthorized({ headers }: SimRequest): boolean {
    const { sid, authToken } = state.account;
    return headers.authorization === `Basic ${Buffer.from(`${sid}:${authToken}`).toString("base64")}`;
  }

  /** Of messaging.twilio.com, which has a host of its own out there. */
  function fetchService(request: SimRequest, sid: string): SimReply {
    if (!isAuthorized(request)) return twilioError(20003);
    const service = state.account.services.find((one) => one.sid === sid);
    if (service === undefined) return twilioError(20404);
    return {
      status: 200,
      body: {
        sid,
        account_sid: state.account.sid,
        friendly_name: "Simulated service",
        inbound_request_url: service.inboundUrl,
        inbound_method: "POST",
        status_callback: service.statusCallback,
        use_inbound_webhook_on_number: service.inboundUrl === null,
      },
    };
  }

  async function withFault(target: string, fields: Record<string, unknown>, act: () => SimReply): Promise<SimReply> {
    const fault: Fault | null = faults.take(target, fields);
    switch (fault?.kind) {
      case undefined:
        return act();
      case "drop":
      case "disconnect":
        return { status: 0, hangUp: true };
      case "drop_after_success":
        act();
        return { status: 0, hangUp: true };
      case "status":
        return { ...twilioError(20500), status: fault.status };
      case "status_after_success":
        act();
        return { ...twilioError(20500), status: fault.status };
      case "rate_limit":
        return twilioError(20429, undefined, { "retry-after": String(fault.retryAfterS) });
      case "error":
        return twilioError(Number(fault.error));
      case "delay":
        await new Promise<void>((done) => state.clock.after(fault.delayMs, done));
        return act();
      case "duplicate":
        act();
        return act();
      default:
        return act();
    }
  }

  function create(fields: Record<string, unknown>): SimReply {
    const { account, clock } = state;
    const said = (name: string): string | null => {
      const value = fields[name];
      return typeof value === "string" && value !== "" ? value : null;
    };
    const to = said("To");
    const body = said("Body");
    if (to === null) return twilioError(21604);
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return twilioError(21211, `Invalid 'To' Phone Number: ${to}`);
    if (body === null) return twilioError(21602);
    if (body.length > LONGEST_BODY) return twilioError(21617);
    const serviceSid = said("MessagingServiceSid");
    const service = serviceSid === null ? null : account.services.find(({ sid }) => sid === serviceSid);
    if (service === undefined) return twilioError(20404, `The Messaging Service ${serviceSid} was not found`);
    const from = said("From") ?? service?.numbers[0] ?? null;
    if (from === null) return twilioError(service === null ? 21603 : 21703);
    const number = account.numbers.find(({ phoneNumber }) => phoneNumber === from);
    if (number === undefined) {
      return twilioError(
        21606,
        `The 'From' phone number provided (${from}) is not a valid message-capable Twilio phone number for this destination`,
      );
    }
    const callback = said("StatusCallback");
    if (callback !== null && !URL.canParse(callback)) return twilioError(21609);
    const validity = Number(said("ValidityPeriod") ?? "36000");
    if (!Number.isInteger(validity) || validity < 1 || validity > 36_000) {
      return twilioError(20001, "ValidityPeriod must be an integer between 1 and 36000");
    }
    const phone = phoneAt(state, to);
    if (phone.optedOut.includes(from)) return twilioError(21610);
    if (phone.kind === "landline") return twilioError(21614, `To number: ${to}, is not a mobile number`);
    const now = clock.now();
    const message: TwilioMessage = {
      sid: state.next("SM"),
      accountSid: account.sid,
      from,
      to,
      body,
      direction: "outbound-api",
      status: service === null ? "queued" : "accepted",
      errorCode: null,
      numSegments: segmentsOf(body).count,
      media: [],
      messagingServiceSid: serviceSid,
      statusCallback: callback ?? service?.statusCallback ?? number.statusCallback,
      validityPeriodS: validity,
      createdAt: now,
      sentAt: null,
      updatedAt: now,
      arrivedAt: null,
    };
    state.messages.put(message.sid, message);
    queue(message);
    return { status: 201, body: wireMessage(message) };
  }

  function fetchOne(sid: string): SimReply {
    const message = state.messages.get(sid);
    if (message === undefined) return twilioError(20404, `The requested resource ${sid} was not found`);
    return { status: 200, body: wireMessage(message) };
  }

  /** Newest first, whole seconds, as Twilio sorts and dates. */
  function list(query: URLSearchParams): SimReply {
    const to = query.get("To");
    const from = query.get("From");
    const second = (at: number | null) => (at === null ? null : Math.floor(at / 1000));
    const bound = (name: string) => {
      const text = query.get(name);
      return text === null ? null : Math.floor(Date.parse(text) / 1000);
    };
    const [on, before, after] = [bound("DateSent"), bound("DateSent<"), bound("DateSent>")];
    const found = state.messages
      .values()
      .filter((message) => {
        const sent = second(message.sentAt ?? message.createdAt)!;
        return (
          message.accountSid === state.account.sid &&
          (to === null || message.to === to) &&
          (from === null || message.from === from) &&
          (on === null || Math.floor(sent / 86_400) === Math.floor(on / 86_400)) &&
          (before === null || sent <= before) &&
          (after === null || sent >= after)
        );
      })
      .reverse();
    const size = Math.min(1000, Math.max(1, Number(query.get("PageSize") ?? "50")));
    const page = Number(query.get("Page") ?? "0");
    const path = `/2010-04-01/Accounts/${state.account.sid}/Messages.json`;
    const uri = (number: number) => {
      const params = new URLSearchParams(query);
      params.set("Page", String(number));
      params.set("PageSize", String(size));
      return `${path}?${params}`;
    };
    const messages = found.slice(page * size, (page + 1) * size);
    const more = found.length > (page + 1) * size;
    return {
      status: 200,
      body: {
        ...{ first_page_uri: uri(0), uri: uri(page), page, page_size: size, start: page * size },
        end: page * size + Math.max(0, messages.length - 1),
        next_page_uri: more ? uri(page + 1) : null,
        previous_page_uri: page > 0 ? uri(page - 1) : null,
        messages: messages.map(wireMessage),
      },
    };
  }

  function accountReply(): SimReply {
    const { sid } = state.account;
    return { status: 200, body: { sid, friendly_name: "Simulated account", status: "active", type: "Full" } };
  }

  function numbers(query: URLSearchParams): SimReply {
    const wanted = query.get("PhoneNumber");
    const found = state.account.numbers.filter(({ phoneNumber }) => wanted === null || phoneNumber.includes(wanted));
    const uri = `/2010-04-01/Accounts/${state.account.sid}/IncomingPhoneNumbers.json`;
    return {
      status: 200,
      body: {
        ...{ first_page_uri: uri, uri, page: 0, page_size: 50, start: 0, end: Math.max(0, found.length - 1) },
        ...{ next_page_uri: null, previous_page_uri: null },
        incoming_phone_numbers: found.map(({ sid, phoneNumber, smsUrl, statusCallback }) => ({
          sid,
          account_sid: state.account.sid,
          phone_number: phoneNumber,
          friendly_name: phoneNumber,
          sms_url: smsUrl,
          sms_method: "POST",
          status_callback: statusCallback,
          capabilities: { sms: true, mms: true, voice: true, fax: false },
        })),
      },
    };
  }
}
