/** Hints over TCP: a connection of their own, and a ping now and then, for a dead peer is silent like a quiet market. */
import type { Clock } from "../../feed/clock.ts";
import { asReplyError, connectClient } from "./tcp_client.ts";
import { within } from "../../feed/time_limit.ts";

/** How often the connection is tried, and how long the answer may take, in ms. */
const PING_INTERVAL_MS = 10_000;
const ANSWER_LIMIT_MS = 3000;

/** What {@link subscribeTcp} needs. */
export interface TcpSubscription {
  readonly url: string;
  readonly clock: Clock;
  readonly channel: string;
  readonly deliver: (text: string) => void;
  readonly signal: AbortSignal;
  readonly opened: (() => void) | undefined;
}

/** Delivers until the signal aborts (resolves) or the connection is lost (rejects). */
export async function subscribeTcp(options: TcpSubscription): Promise<void> {
  const { url, clock, channel, deliver, signal, opened } = options;
  try {
    const { client, lost } = await connectClient(url, clock, signal);
    const broken = lost.then((error) => Promise.reject(asReplyError(error)));
    broken.catch(() => {});
    const soon = { clock, limitMs: ANSWER_LIMIT_MS, signal };
    try {
      const subscribing = client.subscribe(channel, (text) => deliver(text));
      await within(soon, () => Promise.race([subscribing, broken]));
      opened?.();
      while (!signal.aborted) {
        await Promise.race([clock.sleep(PING_INTERVAL_MS, signal), broken]);
        const answered = client.ping();
        await within(soon, () => Promise.race([answered, broken]));
      }
    } finally {
      client.destroy();
    }
  } catch (error) {
    if (!signal.aborted) throw asReplyError(error);
  }
}
