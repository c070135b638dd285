/** Whether hints arrive. Without them everything works, later by up to a pull interval. */
import type { FeedStore } from "../../feed/store.ts";
import type { RedisTransport } from "../../store/redis/redis_transport.ts";
import type { RedisDeps } from "./check_redis.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warn } = findingsOf("redis");

/** A hint may take so long, and is published so often until it is heard. */
const HINT_LIMIT_MS = 3_000;
const HINT_RETRY_MS = 100;
/** A subscription that is refused is refused within so long. */
const HOLD_MS = 500;
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
  const done = new AbortController();
  using _limit = deps.clock.timer(HINT_LIMIT_MS, () => done.abort());
  let isHeard = false;
  let isRefused = false;
  const listening = (async () => {
    for await (const { list } of store.hints(done.signal)) {
      if (mayPublish && list !== "doctor") continue;
      isHeard = true;
      done.abort();
    }
  })().catch(() => {
    isRefused = true;
    done.abort();
  });
  const startMs = deps.clock.monotonic();
  const isOver = () => done.signal.aborted || (!mayPublish && deps.clock.monotonic() - startMs > HOLD_MS);
  while (!isOver()) {
    if (mayPublish) await transport.command(["PUBLISH", channel, HARMLESS_HINT], done.signal).catch(() => {});
    await deps.clock.sleep(HINT_RETRY_MS, done.signal).catch(() => {});
  }
  done.abort();
  await listening;
  if (isRefused) {
    return warn(
      "hints can't be subscribed to: clients wait for the next pull",
      `allow SUBSCRIBE on ${channel}`,
    );
  }
  if (!mayPublish) return ok("subscribes to hints");
  return isHeard
    ? ok(`hears hints (after ${Math.round(deps.clock.monotonic() - startMs)} ms, subscribing included)`)
    : warn("hints don't arrive: clients wait for the next pull", `allow PUBLISH and SUBSCRIBE on ${channel}`);
}
