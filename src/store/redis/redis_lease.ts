/** The lease on Redis: a hash `{owner, fence, until}` without TTL, judged by Redis's own clock. */
import type { Lease, LeaseStore } from "../../feed/store.ts";
import type { KeyNames } from "../key_names.ts";
import { RELEASE_LEASE, RENEW_LEASE, TAKE_LEASE } from "./lease_scripts.ts";
import type { RedisCaller } from "./redis_caller.ts";
import { arrayOf, numberOf, textOf, timeOf } from "./reply_shape.ts";

/** The lease under `names`. Billed on Upstash: reading 2, taking and renewing 4, releasing 3. */
export function redisLease(redis: RedisCaller, names: KeyNames): LeaseStore {
  const keys = [names.lease];
  return {
    async readLease(signal): Promise<Lease | undefined> {
      const [held, time] = await redis.readTogether(
        [["HMGET", names.lease, "owner", "fence", "until"], ["TIME"]],
        signal,
      );
      const [owner, fence, until] = arrayOf(held).map(textOf);
      if (fence === undefined) return undefined;
      return {
        owner: owner ?? "",
        fence: numberOf(fence),
        untilMs: numberOf(until ?? 0),
        nowMs: timeOf(time),
      };
    },
    async takeLease(owner, seenFence, leaseMs, signal) {
      const args = [owner, String(seenFence), String(leaseMs)];
      const [, taken, fence, until, now] = await redis.script(TAKE_LEASE, keys, args, signal);
      if (taken === undefined) return undefined;
      return { owner, fence: numberOf(fence), untilMs: numberOf(until), nowMs: numberOf(now) };
    },
    async renewLease(fence, leaseMs, signal) {
      const [, done] = await redis.script(RENEW_LEASE, keys, [String(fence), String(leaseMs)], signal);
      return done === 1;
    },
    async releaseLease(fence, signal) {
      const [, done] = await redis.script(RELEASE_LEASE, keys, [String(fence)], signal);
      return done === 1;
    },
  };
}
