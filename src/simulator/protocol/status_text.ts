/**
 * Massive's status objects, word for word (its grammar slips included). Clients must match on `status`, never on
 * `message`; a simulator must send both exactly. Source: Massive's quickstart and texts reported from the live service.
 */

/** One status object as text. */
export type StatusText = string;

const status = (name: string, message: string): StatusText =>
  `{"ev":"status","status":${JSON.stringify(name)},"message":${JSON.stringify(message)}}`;

/** Whether an element of the outbound stream is a status rather than data. */
export const isStatusText = (text: string): boolean => text.startsWith('{"ev":"status"');

export const CONNECTED = status("connected", "Connected Successfully");
export const AUTHENTICATED = status("auth_success", "authenticated");
export const BAD_KEY = status("auth_failed", "authentication failed");
export const PLAN_WITHOUT_WEBSOCKET = status(
  "auth_failed",
  "Your plan doesn't include websocket access. Visit https://massive.com/pricing to upgrade.",
);
export const AUTH_TIMEOUT = status("auth_timeout", "No authentication request received.");
export const NOT_AUTHORIZED = status("error", "not authorized");
export const SUBSCRIPTION_LIMIT = status(
  "error",
  "Subscription limit reached for feed. Please remove some subscriptions and try again.",
);

const NO_REALTIME = "You don't have access real-time data. ";
export const DELAYED_ONLY = status(
  "error",
  `${NO_REALTIME}If your plan only includes delayed data, you can connect to the delayed websocket at wss://delayed.polygon.io/stocks.`,
);
export const AGREEMENT_MISSING = status(
  "error",
  `${NO_REALTIME}If you're already subscribed to a plan that includes real-time data, you may need to visit the dashboard to sign your agreements.`,
);

const EXCEEDED = "Maximum number of websocket connections exceeded. ";
/** The four texts `max_connections` has been seen with, oldest first; all are the same status. */
export const MAX_CONNECTIONS_TEXTS = [
  status("max_connections", "Maximum number of connections exceeded."),
  status("max_connections", EXCEEDED),
  status(
    "max_connections",
    `${EXCEEDED}You have reached the connection limit for your account. Please contact support at https://polygon.io/contact to increase your limit.`,
  ),
  status("max_connections", `${EXCEEDED}You may only use 1 connections at a time.`),
] as const;

/** The text of `max_connections`, variants counted from 1; anything else is the present one. */
export const maxConnectionsText = (variant: number): StatusText =>
  MAX_CONNECTIONS_TEXTS[variant - 1] ?? MAX_CONNECTIONS_TEXTS[2];

export const subscribedTo = (pair: string): StatusText => status("success", `subscribed to: ${pair}`);
/** "unsubscribed to" is Massive's own wording. */
export const unsubscribedTo = (pair: string): StatusText => status("success", `unsubscribed to: ${pair}`);
