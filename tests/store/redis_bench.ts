/** A store over a redis-server of a test's own, and the damage the contract does behind its back. */
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { StoreSettings } from "../../src/feed/settings/settings.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { keyNames } from "../../src/store/key_names.ts";
import { openStore } from "../../src/store/open_store.ts";
import type { RedisServer } from "../support/redis_server.ts";
import type { RespValue } from "../support/resp_connection.ts";
import type { ListKey, StoreBench } from "./contract.ts";

const timeMicros = (reply: RespValue): number =>
  Array.isArray(reply) ? Number(reply[0]) * 1e6 + Number(reply[1]) : NaN;

let benches = 0;

/** Opens the stores the settings name; each bench has a prefix of its own, so that one server does for a whole suite. */
export async function redisBench(server: RedisServer, settings: StoreSettings): Promise<StoreBench> {
  const keyPrefix = `tickcast${++benches}`;
  const names = keyNames(keyPrefix);
  const opened: FeedStore[] = [];
  const another = async () => {
    const store = await openStore(settings, {
      clock: systemClock,
      random: () => 0.5,
      log: silentLog,
      keyPrefix,
    });
    opened.push(store);
    return store;
  };
  const keys = async () => (await server.send("KEYS", `${keyPrefix}:*`)) as readonly string[];
  const flush = async () => {
    for (const key of await keys()) await server.send("DEL", key);
  };
  const inDatabase = async (database: string, work: () => Promise<void>) => {
    await server.send("SELECT", database);
    await work();
    await server.send("SELECT", "0");
  };
  const key = (name: ListKey, list: string) => name === "lease" ? names.lease : names[name](list);
  return {
    store: await another(),
    another,
    async expire(name, ttlMs) {
      const left = Number(await server.send("PTTL", names.note(name)));
      if (left <= 0 || left > ttlMs) {
        throw new Error(`Cannot let ${name} expire as its time to live is ${left}`);
      }
      await server.send("DEL", names.note(name));
    },
    async pass(ms) {
      const now = async () => timeMicros(await server.send("TIME"));
      const end = await now() + ms * 1000;
      while (await now() < end);
    },
    loseList: async (list) => void await server.send("DEL", names.list(list)),
    flush,
    async copy() {
      await inDatabase("1", flush);
      for (const name of await keys()) await server.send("COPY", name, name, "DB", "1");
      return async () => {
        await flush();
        await inDatabase("1", async () => {
          for (const name of await keys()) await server.send("COPY", name, name, "DB", "0");
        });
      };
    },
    lengthEvents: async (list) => Number(await server.send("LLEN", names.list(list))),
    publish: async (text) => void await server.send("PUBLISH", names.hint, text),
    async spoil(name, list) {
      await server.send("DEL", key(name, list));
      await server.send("SET", key(name, list), "another type");
    },
    addUniverse: async (name, symbols) => void await server.send("SADD", names.universe(name), ...symbols),
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store[Symbol.asyncDispose]();
      await flush();
      await inDatabase("1", flush);
    },
  };
}
