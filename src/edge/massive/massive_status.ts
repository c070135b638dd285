/**
 * Massive's status objects, word for word (its grammar slips included): programs written for it match on them.
 * Source: Massive's quickstart and texts seen on the live service.
 */

const status = (name: string, message: string): string =>
  `{"ev":"status","status":${JSON.stringify(name)},"message":${JSON.stringify(message)}}`;

/** Right after the upgrade, unasked. */
export const CONNECTED = status("connected", "Connected Successfully");
/** The token was accepted. */
export const AUTHENTICATED = status("auth_success", "authenticated");
/** The token was not; the connection is dropped without a close frame. */
export const BAD_KEY = status("auth_failed", "authentication failed");
/** The token's tier can't be served here: Massive's words for a plan without streaming. */
export const PLAN_WITHOUT_WEBSOCKET = status(
  "auth_failed",
  "Your plan doesn't include websocket access. Visit https://massive.com/pricing to upgrade.",
);
/** No token came in time; dropped likewise. */
export const AUTH_TIMEOUT = status("auth_timeout", "No authentication request received.");
/** A channel outside the token's rights or not carried here; it names neither channel nor symbol. */
export const NOT_AUTHORIZED = status("error", "not authorized");
/** More pairs than a client may hold; the whole request is refused. */
export const SUBSCRIPTION_LIMIT = status(
  "error",
  "Subscription limit reached for feed. Please remove some subscriptions and try again.",
);
/**
 * Over the number of connections that a token's subject may hold; a close with 1008 follows. (Over the instance's or the
 * address's number the handshake is answered with 503.)
 */
export const MAX_CONNECTIONS = status(
  "max_connections",
  "Maximum number of websocket connections exceeded. ",
);
/**
 * The message came too fast and was not carried out; the connection stays up. What Massive says to this is not known: these
 * are words of ours in the form of its other refusals.
 */
export const TOO_MANY_MESSAGES = status(
  "error",
  "Too many messages: this one was not carried out. Please name more pairs in one message.",
);

/** One pair was accepted, as the client wrote it. */
export const subscribedTo = (pair: string): string => status("success", `subscribed to: ${pair}`);
/** "unsubscribed to" is Massive's own wording. */
export const unsubscribedTo = (pair: string): string => status("success", `unsubscribed to: ${pair}`);
