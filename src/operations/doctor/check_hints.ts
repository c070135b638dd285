/** Whether hints arrive. Without them everything works, later by up to a pull interval. */
import type { FeedStore } from "../../feed/store.ts";
import type { RedisTransport } from "../../store/redis/redis_transport.ts";
import type { RedisDeps } from "./check_redis.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warn } = findingsOf("redis");

/** A hint may take so long, and is published so often until it is heard. */
const HINT_LIMIT_MS = 3_000;
const HINT_RETRY_MS = 100;
/** About a list nobody has: readers pass over it. */
const HARMLESS_HINT = "doctor 00000000-1";

/** Listens where edges listen; publishes too where the role does. Never rejects. */
export async function checkHints(
  store: FeedStore,
  transport: RedisTransport,
  channel: string,
  mayPublish: boolean,
  deps: RedisDeps,
): Promise<Finding> {
  return mayPublish
    ? await hears(store, transport, channel, deps)
    : await subscribes(transport, channel, deps);
}

const refused = (channel: string): Finding =>
  warn("hints can't be subscribed to: clients wait for the next pull", `allow SUBSCRIBE on ${channel}`);

async function hears(
  store: FeedStore,
  transport: RedisTransport,
  channel: string,
  { clock }: RedisDeps,
): Promise<Finding> {
  const done = new AbortController();
  using _limit = clock.timer(HINT_LIMIT_MS, () => done.abort());
  let isHeard = false;
  let isRefused = false;
  const listening = (async () => {
    for await (const { list } of store.hints(done.signal)) {
      if (list !== "doctor") continue;
      isHeard = true;
      done.abort();
    }
  })().catch(() => {
    isRefused = true;
    done.abort();
  });
  const startMs = clock.monotonic();
  while (!done.signal.aborted) {
    await transport.command(["PUBLISH", channel, HARMLESS_HINT], done.signal).catch(() => {});
    await clock.sleep(HINT_RETRY_MS, done.signal).catch(() => {});
  }
  await listening;
  if (isRefused) return refused(channel);
  return isHeard
    ? ok(`hears hints (after ${Math.round(clock.monotonic() - startMs)} ms, subscribing included)`)
    : warn("hints don't arrive: clients wait for the next pull", `allow PUBLISH and SUBSCRIBE on ${channel}`);
}

/** Who may not publish has nothing to hear: that it listens is what Redis says of it. */
async function subscribes(
  transport: RedisTransport,
  channel: string,
  { clock }: RedisDeps,
): Promise<Finding> {
  const done = new AbortController();
  using _limit = clock.timer(HINT_LIMIT_MS, () => done.abort());
  let isOpen = false;
  const opened = () => {
    isOpen = true;
    done.abort();
  };
  const isLetIn = await transport.subscribe(channel, () => {}, done.signal, opened).then(
    () => true,
    () => false,
  );
  if (isOpen) return ok("subscribes to hints");
  if (!isLetIn) return refused(channel);
  return warn(
    `hints can't be subscribed to within ${HINT_LIMIT_MS / 1000} s: clients wait for the next pull`,
    "look at the way to Redis",
  );
}
