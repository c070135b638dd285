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

pure("a free client that says nothing is sent something once a second", async () => {
  const count = await messages(() => []);
  assert(count <= 11, `${count} messages in 10 s`);
});

pure("a free client that changes its max_hz all the time is sent something once a second", async () => {
  const count = await messages((n) => [{ action: "subscribe", max_hz: 1 - (n % 15) * 0.04 }]);
  assert(count <= 11, `${count} messages in 10 s`);
});

pure("a free client that leaves and comes back with its cursor is sent something once a second", async () => {
  const count = await messages((_, cursor) => [
    { action: "unsubscribe", streams: ["tick"] },
    { action: "subscribe", symbols: ["*"], cursor },
  ]);
  assert(count <= 11, `${count} messages in 10 s`);
});
