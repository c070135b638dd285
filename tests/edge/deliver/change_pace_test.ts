/** A client that changes what it follows as often as its tier may be served. */
import { assert } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

Deno.test({
  name: "a free client whose changes come just before its turns, a second apart, is still sent something",
  permissions: "none",
  async fn() {
    await using s = sessionScene();
    const client = s.client("free");
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(2_000);
    for (let n = 0; n < 20; n++) {
      await s.rig.writer.append("tick", [aTrade({ tid: `${n}`, t: n })]);
      await s.clock.advance(997);
      // The timers are four milliseconds late: the message is there first.
      s.clock.leap(4);
      client.say({ action: "subscribe", max_hz: 1 - (n % 2) * 0.04 });
    }
    await s.clock.advance(100);
    const count = client.of("events").length;
    assert(count >= 9 && count <= 21, `${count} messages in 20 s`);
  },
});
