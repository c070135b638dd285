/** How often a client is sent to, by its tier and its own wish. */
import { assert, assertEquals } from "@std/assert";
import { openGate } from "../../../src/edge/admit/principal.ts";
import type { Tier } from "../../../src/feed/settings/settings.ts";
import { aTrade } from "../../support/event_factory.ts";
import { type SessionScene, sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const of = (sym: string, n = 1, over = {}) =>
  Array.from({ length: n }, (_, k) => aTrade({ sym, tid: String(k), t: 1000 + k, ...over }));

pure("max_hz bounds the frames of a second", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"], max_hz: 2 });
  await s.clock.advance(20);
  for (let n = 0; n < 100; n++) {
    await s.rig.writer.append("tick", of("AAPL"));
    await s.clock.advance(50);
  }
  const frames = client.of("events").length;
  assert(frames >= 9 && frames <= 11, `${frames} in 5 s`);
  assert(client.ids().length >= 95, `${client.ids().length} of 100 events`);
});

pure("a client is told its own max_hz, and keeps it, whoever else follows at the same pace", async () => {
  await using s = sessionScene();
  const standard = s.client("standard");
  standard.say({ action: "subscribe", symbols: ["AAPL"] });
  const premium = s.client("premium");
  premium.say({ action: "subscribe", symbols: ["AAPL"], max_hz: 10 });
  await s.clock.advance(50);
  const told = (client: typeof premium) => client.of("subscribed").at(-1)?.subscriptions;
  const held = { stream: "tick", symbols: ["AAPL"], mode: "all", fields: null };
  assertEquals([told(premium), told(standard)], [[{ ...held, max_hz: 10 }], [{ ...held, max_hz: null }]]);
  premium.say({ action: "subscribe", symbols: ["MSFT"] });
  await s.clock.advance(50);
  assertEquals(told(premium), [{ ...held, symbols: ["AAPL", "MSFT"], max_hz: 10 }]);
  const feed = s.rig.edge.core.feeds.get("tick");
  assertEquals([...feed?.selections.selections() ?? []].map(({ intervalMs }) => intervalMs), [100, 100]);
});

/** Frames in 3 s and a little of events every 10 ms: least and most. */
const FRAMES: Readonly<Record<Tier, readonly [least: number, most: number]>> = {
  premium: [118, 124],
  standard: [29, 32],
  free: [3, 5],
};
const TIERS = ["premium", "standard", "free"] as const;

/** Three seconds of events, and one more for who waits longest. */
async function flow(s: SessionScene): Promise<void> {
  await s.clock.advance(20);
  for (let n = 0; n < 300; n++) {
    await s.rig.writer.append("tick", of("AAPL", 1, { t: 1000 + n }));
    await s.clock.advance(10);
  }
  await s.clock.advance(1000);
}

function assertPaced(tier: Tier, frames: number): void {
  const [least, most] = FRAMES[tier];
  assert(frames >= least && frames <= most, `${tier}: ${frames} frames, not ${least} to ${most}`);
}

const PACES = "premium 25 ms, standard 100 ms, free the latest once a second";

pure(`tiers pace their sockets: ${PACES}`, async () => {
  await using s = sessionScene();
  const clients = TIERS.map((tier) => s.client(tier));
  for (const client of clients) client.say({ action: "subscribe", symbols: ["*"] });
  await flow(s);
  clients.forEach((client, n) => assertPaced(TIERS[n] ?? "free", client.of("events").length));
  const free = clients[2]?.of("events").flatMap(({ events }) => Array.isArray(events) ? events : []) ?? [];
  assertEquals(free.reduce((sum, { n }) => sum + (n ?? 1), 0), 300);
  assertEquals(clients[2]?.of("subscribed")[0]?.subscriptions, [{
    stream: "tick",
    symbols: ["*"],
    mode: "latest",
    max_hz: null,
    fields: null,
  }]);
});

for (const tier of TIERS) {
  pure(`tiers pace their event streams: ${tier} of ${PACES}`, async () => {
    const s = sessionScene({ gate: openGate(tier) });
    const response = await s.rig.edge.fetch(new Request("http://edge/sse/tick"));
    const reading = response.text();
    await flow(s);
    await s[Symbol.asyncDispose]();
    const blocks = (await reading).split("\n\n").filter((block) => block.includes("event: tick"));
    assertPaced(tier, blocks.length);
    const events = blocks.flatMap((block) => JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "[]"));
    assertEquals(events.reduce((sum, { n }) => sum + (n ?? 1), 0), 300);
  });
}
