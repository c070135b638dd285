/**
 * `@upstash/redis` with replies left as they are. By default it parses every string that looks like JSON: `"123"` would
 * come back as a number and an event as an object.
 */
import { Redis } from "@upstash/redis";
import type { ReadCommand } from "../redis/redis_transport.ts";
import { RestRequester } from "./rest_requester.ts";

/** See the file comment. */
export class UpstashClient extends Redis {
  constructor(requester: RestRequester) {
    super(requester);
    this.opts = { automaticDeserialization: false };
  }

  /** Sends reads as one transaction (`/multi-exec`). */
  async readTogether(commands: readonly ReadCommand[]): Promise<readonly unknown[]> {
    const multi = this.multi();
    for (const [name, key = "", ...rest] of commands) {
      if (name === "TIME") multi.time();
      else if (name === "HVALS") multi.hvals(key);
      else if (name === "LLEN") multi.llen(key);
      else if (name === "HMGET") multi.hmget(key, ...rest);
      else multi.lrange(key, Number(rest[0]), Number(rest[1]));
    }
    return await multi.exec<unknown[]>();
  }
}
