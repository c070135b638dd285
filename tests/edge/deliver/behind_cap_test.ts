/** What the ring holds beyond the list: on a warm instance more than a list's cap can be caught up with. */
import { assertEquals } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { httpScene, idsOf } from "../http_scene.ts";

const LIST_CAP = 1000;
const BEHIND = 1500;

Deno.test({
  name:
    "a client that is 1500 events behind, where the list holds 1000, loses none on an instance that has read them, by any transport",
  permissions: "none",
  async fn() {
    await using s = httpScene();
    await s.append("tick", [aTrade()]);
    const { cursor } = await s.poll("/events/tick");
    for (let n = 0; n < BEHIND / 250; n++) {
      await s.append("tick", Array.from({ length: 250 }, (_, k) => aTrade({ tid: `${n}.${k}` })));
      await s.clock.advance(50);
    }
    const { elements } = await s.rig.store.readTail("tick", 2 * LIST_CAP);
    assertEquals(elements.length, LIST_CAP);
    const epoch = s.rig.writer.heads.get("tick")?.epoch;
    const expected = Array.from({ length: BEHIND }, (_, n) => `${epoch}-${n + 2}`);
    const socket = s.socket({ action: "subscribe", symbols: ["*"], cursor });
    const stream = await s.stream("/sse/tick", { headers: { "last-event-id": cursor } });
    await s.clock.advance(500);
    const polled: string[] = [];
    for (let at = cursor, n = 0; n < 4; n++) {
      const answer = await s.poll(`/events/tick?cursor=${at}`);
      assertEquals(answer.gap, null);
      polled.push(...answer.events.map(({ id }) => id));
      at = answer.cursor;
    }
    assertEquals([idsOf(socket), stream.ids(), polled], [expected, expected, expected]);
    assertEquals(socket.read.filter(({ type }) => type === "gap"), []);
    assertEquals(stream.text().includes("event: gap"), false);
    await stream.leave();
  },
});
