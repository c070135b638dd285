/**
 * Every way the upstream says no or goes away, told apart and put into words a user can act on.
 * Texts and statuses: massive-websocket notes §2.2–2.4. Where a status is shared (`auth_failed`, `error`) the prose decides;
 * `max_connections` is known by its status alone, its text varies.
 */

/** What happened. */
export type RefusalKind =
  | "bad_key"
  | "plan_without_websocket"
  | "auth_timeout"
  | "auth_silence"
  | "max_connections"
  | "surplus_connection"
  | "no_realtime_access"
  | "agreement_missing"
  | "not_authorized"
  | "subscription_limit"
  | "wrong_path"
  | "upgrade_refused"
  | "outage"
  | "tls"
  | "unreachable"
  | "open_timeout"
  | "no_greeting"
  | "dead"
  | "dropped"
  | "closed"
  | "frame_too_large"
  | "unknown_error"
  | "unknown_status";

/** Kinds whose words are the upstream's own. */
type Unworded = "closed" | "unknown_error" | "unknown_status";

/**
 * When to try again: soon with backoff, seldom (a person must act first), after a long rest (the slot is taken), or after a
 * longer one (the slot is taken by our own others).
 */
export type RetryPolicy = "backoff" | "seldom" | "rest" | "surplus";

/** One refusal or loss. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** For a person: what happened and what to do. Holds no secret. */
  readonly detail: string;
  readonly retry: RetryPolicy;
}

const UPSTREAM_TEXT_MAX_CHARS = 120;

/** Somebody else's text, short and on one line. */
const quote = (text: string): string =>
  JSON.stringify(text.replace(/\s+/g, " ").trim().slice(0, UPSTREAM_TEXT_MAX_CHARS));

const WORDS: Readonly<Record<Exclude<RefusalKind, Unworded>, [string, RetryPolicy]>> = {
  bad_key: ["Massive refused the API key: check MASSIVE_API_KEY", "seldom"],
  plan_without_websocket: [
    "the plan of this API key has no WebSocket access to this market: upgrade it or change MASSIVE_MARKETS",
    "seldom",
  ],
  auth_timeout: ["Massive says it saw no authentication in time, although it was sent", "backoff"],
  auth_silence: ["no answer to the authentication within its time limit", "backoff"],
  max_connections: [
    "the account's connections to this market are all in use, by another program or another ingest with a key of the same account: stop it, or ask Massive for more; resting before the next try",
    "rest",
  ],
  surplus_connection: [
    "the account allows fewer connections to this market than are configured: lower WEBSOCKET_CONNECTIONS_MAX or the number of connections, or ask Massive for more; its tickers ride on the others where those can carry them",
    "surplus",
  ],
  no_realtime_access: [
    "this key has delayed data only: upgrade the plan, or set MASSIVE_REALTIME_URL to wss://delayed.massive.com",
    "seldom",
  ],
  agreement_missing: [
    "this key has no real-time data: visit Massive's dashboard and sign the exchange agreements, or use the delayed host",
    "seldom",
  ],
  not_authorized: [
    "the plan does not include some of the channels asked for (Massive does not say which)",
    "seldom",
  ],
  subscription_limit: [
    "Massive's subscription limit of this feed is reached: subscribe fewer symbols",
    "seldom",
  ],
  wrong_path: [
    "the upstream has no such path (404): check MASSIVE_REALTIME_URL, MASSIVE_BUSINESS_URL and MASSIVE_MARKETS",
    "seldom",
  ],
  upgrade_refused: ["the upstream refused the WebSocket upgrade", "seldom"],
  outage: ["the upstream answers with a server error: it is down or overloaded", "backoff"],
  tls: [
    "TLS failed: the host has no valid certificate for its name (a wrong host resolves, but fails here); check the URL",
    "backoff",
  ],
  unreachable: ["the upstream cannot be reached: check the network, DNS and the URL", "backoff"],
  open_timeout: ["the upstream did not complete the WebSocket upgrade in time", "backoff"],
  no_greeting: ["the upstream opened the socket but never said it was connected", "backoff"],
  dead: ["the connection was dead: no frame and no pong", "backoff"],
  dropped: ["the upstream dropped the connection without a close frame", "backoff"],
  frame_too_large: ["the upstream sent a frame over the size limit", "backoff"],
};

/** A refusal of a kind that needs no further text; `more` is added in brackets. */
export function refusalOf(kind: Exclude<RefusalKind, Unworded>, more?: string): Refusal {
  const [words, retry] = WORDS[kind];
  return { kind, detail: more === undefined ? words : `${words} (${more})`, retry };
}

/** Reads a status element that is a refusal; undefined for good news (`connected`, `auth_success`, `success`). */
export function refusalOfStatus(status: string, message: string): Refusal | undefined {
  switch (status) {
    case "connected":
    case "auth_success":
    case "success":
      return undefined;
    case "auth_failed":
      return refusalOf(/plan|upgrade|pricing/i.test(message) ? "plan_without_websocket" : "bad_key");
    case "auth_timeout":
      return refusalOf("auth_timeout");
    case "max_connections":
      return refusalOf("max_connections");
    case "error":
      return refusalOfError(message);
    default:
      return {
        kind: "unknown_status",
        detail: `the upstream said ${quote(status)}: ${quote(message)}`,
        retry: "backoff",
      };
  }
}

function refusalOfError(message: string): Refusal {
  if (/not authorized/i.test(message)) return refusalOf("not_authorized");
  if (/limit/i.test(message)) return refusalOf("subscription_limit");
  if (/access real-?time/i.test(message)) {
    return refusalOf(/agreement/i.test(message) ? "agreement_missing" : "no_realtime_access");
  }
  if (/authentication failed/i.test(message)) return refusalOf("bad_key");
  return {
    kind: "unknown_error",
    detail: `the upstream reported an error: ${quote(message)}`,
    retry: "backoff",
  };
}

/** The answer to the HTTP upgrade, when it was not 101. */
export function refusalOfUpgrade(httpStatus: number): Refusal {
  if (httpStatus === 404) return refusalOf("wrong_path");
  if (httpStatus >= 500 || httpStatus === 429) return refusalOf("outage", `HTTP ${httpStatus}`);
  return refusalOf("upgrade_refused", `HTTP ${httpStatus}`);
}

/** What the socket library threw. `code` is Node's (`ECONNREFUSED`, `ERR_SSL_…`, `WS_ERR_…`). */
export function refusalOfSocketError(code: string, message: string): Refusal {
  const named = /^[A-Z0-9_]{1,64}$/.test(code) ? code : quote(message);
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") return refusalOf("frame_too_large");
  if (/SSL|TLS|CERT|SELF_SIGNED|ALTNAME/i.test(`${code} ${message}`)) return refusalOf("tls", named);
  if (/handshake has timed out/i.test(message)) return refusalOf("open_timeout");
  if (code === "ECONNRESET" || code === "EPIPE") return refusalOf("dropped", named);
  return refusalOf("unreachable", named);
}

/** A socket that ended on its own. 1006 is the library's word for "no close frame". */
export function refusalOfClose(code: number, reason: string): Refusal {
  if (code === 1006 || code === 1005) return refusalOf("dropped");
  // 1008 is how Massive closes over the quota; the status before it may be lost behind data.
  if (code === 1008) return refusalOf("max_connections", "closed with 1008");
  if (code === 1009) return refusalOf("frame_too_large");
  const why = reason === "" ? "" : `, ${quote(reason)}`;
  return { kind: "closed", detail: `the upstream closed the connection (${code}${why})`, retry: "backoff" };
}
