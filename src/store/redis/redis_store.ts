/** The one implementation on Redis, over either transport. */
import type { Clock } from "../../feed/clock.ts";
import type { Log } from "../../feed/log.ts";
import type { FeedStore } from "../../feed/store.ts";
import { keyNames } from "../key_names.ts";
import { RedisCaller } from "./redis_caller.ts";
import { redisFolds } from "./redis_folds.ts";
import { redisLease } from "./redis_lease.ts";
import { redisLists } from "./redis_lists.ts";
import { redisControl, redisNotes, redisShelf } from "./redis_shelves.ts";
import type { RedisTransport } from "./redis_transport.ts";
import type { UsageMeter } from "../usage_meter.ts";

/** What {@link createRedisStore} puts together. `usage` is the one the transport counts its bytes in. */
export interface RedisStoreParts {
  readonly transport: RedisTransport;
  readonly usage: UsageMeter;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyPrefix: string;
}

/** A store over `transport`, which it owns from now on. */
export function createRedisStore({ transport, usage, clock, log, keyPrefix }: RedisStoreParts): FeedStore {
  const names = keyNames(keyPrefix);
  const redis = new RedisCaller(transport, clock, usage, log);
  return {
    transport: transport.name,
    ...redisLists(redis, names),
    ...redisLease(redis, names),
    ...redisNotes(redis, names),
    ...redisControl(redis, names),
    ...redisFolds(redis, names),
    ...redisShelf(redis, names),
    async ping(signal) {
      await redis.command(["PING"], signal);
    },
    usage: () => usage.read(),
    [Symbol.asyncDispose]: () => redis.close(),
  };
}
