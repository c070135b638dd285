/** An edge is killed in the middle of a stream: its clients go on at another, over any transport, with the events after their cursor. */
import { assert, assertEquals } from "@std/assert";
import { TRANSPORTS } from "../support/enduring_client.ts";
import { realPart } from "../support/real_parts.ts";
import { storeFaultScene } from "../support/store_fault_scene.ts";

const redis = realPart("redis-server");
const TRADES_PER_SECOND = 100;

Deno.test({
  name:
    `an edge is killed: over every pair of transports its clients go on elsewhere, nothing lost or twice${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using scene = await storeFaultScene("tcp", TRADES_PER_SECOND);
    const [first, second] = scene.edges;
    assert(first && second);
    const pairs = TRANSPORTS.flatMap((from) => TRANSPORTS.map((to) => [from, to] as const));
    const movers = pairs.map(([from, to]) =>
      scene.follow([{ base: first.base, transport: from }, { base: second.base, transport: to }])
    );
    await scene.flows(movers);
    first.kill("SIGKILL");
    await scene.flows(movers);
    for (const { name, leg, losses, told } of movers) {
      assertEquals([leg.base, losses], [second.base, 1], name);
      assertEquals(told.causes, [], name);
    }
    scene.lawful(movers);
    const untouched = scene.clients.filter(({ leg }) => leg.base === second.base);
    scene.lawful(untouched);
    assertEquals(untouched.map(({ losses }) => losses), untouched.map(() => 0));
  },
});
