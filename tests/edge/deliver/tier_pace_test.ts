/** A free client is sent something once a second, no more and no less, whatever it says meanwhile. */
import { assert } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** How many messages with events a client on the free tier is sent in ten seconds of trades, saying something every 100 ms. */
async function messages(says: (n: number, cursor: string) => readonly unknown[]): Promise<number> {
  await using s = sessionScene();
  const client = s.client("free");
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(2_000);
  for (let n = 0; n < 100; n++) {
    await s.rig.writer.append("tick", [aTrade({ tid: `${n}`, t: n })]);
    await s.clock.advance(50);
    const last = client.socket.read.findLast(({ cursor }) => typeof cursor === "string" && cursor !== "");
    for (const message of says(n, String(last?.cursor))) client.say(message);
    await s.clock.advance(50);
  }
  return client.of("events").length;
}

/** @param least one whose own `max_hz` is below its tier's is sent less */
function assertOnceASecond(count: number, least = 9): void {
  assert(count >= least && count <= 11, `${count} messages in 10 s`);
}

pure("a free client that says nothing is sent something once a second", async () => {
  assertOnceASecond(await messages(() => []));
});

pure("a free client that changes its max_hz all the time is sent something once a second", async () => {
  assertOnceASecond(await messages((n) => [{ action: "subscribe", max_hz: 1 - (n % 15) * 0.04 }]), 5);
});

pure("a free client that leaves and comes back with its cursor is sent something once a second", async () => {
  assertOnceASecond(
    await messages((_, cursor) => [
      { action: "unsubscribe", streams: ["tick"] },
      { action: "subscribe", symbols: ["*"], cursor },
    ]),
  );
});

pure(
  "a free client whose changes come just before its turns, a second apart, is still sent something",
  async () => {
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
);
