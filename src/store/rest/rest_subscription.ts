/**
 * Hints over REST: server-sent events through the Upstash client's `subscribe`. A stream may die without a word, so it is
 * replaced every five minutes (the cadence of Upstash's own Realtime library), the new one open before the old one goes.
 */
import type { Clock } from "../../feed/clock.ts";
import type { UpstashClient } from "./upstash_client.ts";
import { within } from "../../feed/time_limit.ts";
import type { UsageMeter } from "../usage_meter.ts";

/** How long one stream is used, and how long its opening may take, in ms. */
const RECYCLE_INTERVAL_MS = 300_000;
const OPEN_LIMIT_MS = 5000;

/** What {@link subscribeRest} needs. */
export interface RestSubscription {
  /** A client for one stream. */
  readonly client: () => UpstashClient;
  readonly clock: Clock;
  readonly usage: UsageMeter;
  readonly channel: string;
  readonly deliver: (text: string) => void;
  readonly signal: AbortSignal;
  readonly opened: (() => void) | undefined;
}

interface Stream extends Disposable {
  readonly open: Promise<void>;
  /** Rejects when it breaks or ends. */
  readonly broken: Promise<never>;
}

/** Delivers until the signal aborts (resolves) or a stream breaks (rejects). */
export async function subscribeRest(options: RestSubscription): Promise<void> {
  const { clock, signal, usage } = options;
  const opened = async (): Promise<Stream> => {
    const stream = openStream(options);
    try {
      await within(
        { clock, limitMs: OPEN_LIMIT_MS, signal },
        () => Promise.race([stream.open, stream.broken]),
      );
      return stream;
    } catch (error) {
      stream[Symbol.dispose]();
      throw error;
    }
  };
  let stream: Stream | undefined;
  try {
    stream = await opened();
    options.opened?.();
    while (!signal.aborted) {
      await Promise.race([clock.sleep(RECYCLE_INTERVAL_MS, signal), stream.broken]);
      usage.add({ commands: 1, requests: 1 });
      const next = await opened();
      stream[Symbol.dispose]();
      stream = next;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stream?.[Symbol.dispose]();
  }
}

function openStream({ client, channel, deliver }: RestSubscription): Stream {
  const open = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const subscriber = client().subscribe<string>([channel]);
  subscriber.on("subscribe", () => open.resolve());
  subscriber.on("message", ({ message }) => deliver(message));
  subscriber.on("error", broken.reject);
  return {
    open: open.promise,
    broken: broken.promise,
    [Symbol.dispose]: () => void subscriber.unsubscribe(),
  };
}
