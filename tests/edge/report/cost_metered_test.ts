/** The cost model against a store that counts: what an append and a pull are reckoned at is what they are billed at. */
import { assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../../src/feed/clock.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { COMMANDS_PER_APPEND, COMMANDS_PER_PULL } from "../../../src/edge/report/cost_model.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { openStore } from "../../../src/store/open_store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { realPart } from "../../support/real_parts.ts";
import { startRedis } from "../../support/redis_server.ts";
import { startRestFront } from "../../support/rest_front.ts";
import { Writer } from "../edge_rig.ts";

const redis = realPart("redis-server");
const CALLS = 20;

/** Commands that a call is counted at, over some of them. */
async function commandsEach(store: FeedStore, call: (n: number) => Promise<unknown>): Promise<number> {
  const before = store.usage().commands;
  for (let n = 0; n < CALLS; n++) await call(n);
  return (store.usage().commands - before) / CALLS;
}

Deno.test({
  name: `an append and a pull cost what the estimate takes for them, whatever the batch${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    await using front = await startRestFront(server);
    const { url, token } = front;
    await using store = await openStore({ transport: "rest", url, token }, {
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      keyPrefix: "tickcast",
    });
    const writer = new Writer(store, 250);
    const trades = (count: number) => Array.from({ length: count }, (_, n) => aTrade({ tid: `${n}` }));
    // From here on every append trims: the steady state.
    for (let n = 0; n < 3; n++) await writer.append("tick", trades(500));
    for (const size of [1, 10, 200]) {
      assertEquals(
        await commandsEach(store, () => writer.append("tick", trades(size))),
        COMMANDS_PER_APPEND,
        `${size}`,
      );
      assertEquals(
        await commandsEach(store, () => store.readTail("tick", size)),
        COMMANDS_PER_PULL,
        `${size}`,
      );
    }
  },
});
