/**
 * What ingest does about every misbehaviour of the real service that is in its data (massive-websocket notes §8.2, #15 to #26), on
 * the real path. Time runs ten times as fast.
 */
import { assert, assertEquals } from "@std/assert";
import type { ChannelHealth } from "../../src/feed/health.ts";
import { flowing, type SimulatedIngest, simulatedIngest, until } from "../support/simulated_ingest.ts";

const BOTH = { TICK_EVENTS: "A,T" };

const channel = (world: SimulatedIngest, stream: string): ChannelHealth => {
  const found = world.ingest.health().channels.find((one) => one.stream === stream);
  assert(found !== undefined);
  return found;
};

const drops = (world: SimulatedIngest) =>
  Object.values(world.ingest.health().dropsByReason).reduce((sum, count) => sum + count, 0);

Deno.test("#15 a minute of 8 000 symbols within 300 ms: every bar is in", async () => {
  await using world = await simulatedIngest({ DATA_FREQUENCIES: "minute" });
  await until("it is connected", () => world.connection().status === "connected");
  const before = channel(world, "minute").processed;
  world.simulator.control({ fault: "minute_burst", symbols: 8_000 });
  await until("all of them are processed", () => channel(world, "minute").processed - before >= 8_000);
  assertEquals(channel(world, "minute").dropped, {});
});

Deno.test("#16 corrected and repeated bars are told apart", async () => {
  await using world = await simulatedIngest({ TICK_EVENTS: "A" }, { lateShare: 0 });
  await until("some bars are in", () => channel(world, "tick").processed > 40);
  world.simulator.control({ fault: "correct_bars", count: 5 });
  await until("corrections are counted", () => channel(world, "tick").corrections >= 5);
  assertEquals(channel(world, "tick").repeats, 0);
  world.simulator.control({ fault: "repeat_events", count: 5, prefix: "A" });
  await until("repeats are counted", () => channel(world, "tick").repeats >= 5);
  assertEquals([channel(world, "tick").corrections, channel(world, "tick").repeats], [5, 5]);
});

Deno.test("#17 a stream that lags ever more and is cut: over, and told", async () => {
  await using world = await simulatedIngest(BOTH);
  await flowing(world);
  world.simulator.control({ fault: "slow_link", bytes_per_second: 500, buffer_bytes: 20_000 });
  await until("it was cut", () => world.whys().includes("dropped"));
  world.simulator.control({ fault: "reset" });
  await flowing(world);
  await until("it is told", () => channel(world, "tick").gaps.some(({ cause }) => cause === "upstream"));
});

Deno.test("#18 an open burst and a frame of 1.2 MB are taken whole", async () => {
  await using world = await simulatedIngest(BOTH);
  await flowing(world);
  const before = world.connection().events;
  const big = world.simulator.control({ fault: "big_frame", bytes: 1_200_000 });
  const burst = world.simulator.control({ fault: "open_burst", events_per_second: 20_000, duration_ms: 500 });
  const sent = (big.events ?? 0) + (burst.events ?? 0);
  assert(sent > 10_000);
  await until("all of it is in", () => world.connection().events - before >= sent);
  assertEquals(world.whys(), []);
});

for (const [number, fault] of [[19, "malformed"], [20, "bad_element"], [21, "unknown_event"]] as const) {
  Deno.test(`#${number} ${fault}: dropped and counted, the connection lives on`, async () => {
    await using world = await simulatedIngest(BOTH);
    await flowing(world);
    world.simulator.control({ fault });
    await until("it is counted", () => drops(world) > 0);
    await flowing(world);
    assertEquals(world.whys(), []);
  });
}

Deno.test("#22 a bare object: taken or counted, the connection lives on", async () => {
  await using world = await simulatedIngest(BOTH, { rate: 0 });
  await until("it is connected", () => world.connection().status === "connected");
  const before = channel(world, "tick").processed + drops(world);
  world.simulator.control({ fault: "bare_object" });
  await until("it is taken or counted", () => channel(world, "tick").processed + drops(world) > before);
  world.simulator.control({ fault: "open_burst", events_per_second: 1_000, duration_ms: 100 });
  await flowing(world);
  assertEquals(world.whys(), []);
});

for (const unit of ["ns", "us", "ms"] as const) {
  Deno.test(`#23 fmv in ${unit}: its time is right to the ms`, async () => {
    await using world = await simulatedIngest({ DATA_FREQUENCIES: "fmv" }, {}, (simulator) => {
      simulator.control({ fault: "fmv_unit", unit });
    });
    await until("fair values are in", () => channel(world, "fmv").processed > 5);
    const { lastEventT } = channel(world, "fmv");
    assert(lastEventT !== null && Math.abs(lastEventT - world.clock.now()) < 60_000, `${lastEventT}`);
  });
}

for (const [number, fault] of [[24, "omit_optionals"], [25, "exponent_sizes"]] as const) {
  Deno.test(`#${number} ${fault}: normal, nothing is dropped`, async () => {
    await using world = await simulatedIngest(
      { ...BOTH, MASSIVE_MARKETS: "stocks,crypto" },
      {},
      (simulator) => {
        simulator.control({ fault });
      },
    );
    await flowing(world, 0);
    await flowing(world, 1);
    assertEquals(drops(world), 0);
  });
}

Deno.test("#26 late off-exchange prints, out of order: taken as they are", async () => {
  await using world = await simulatedIngest(BOTH, { lateShare: 0 });
  await flowing(world);
  const latePrints = async () => {
    let newest = 0;
    const times = (await world.store.readTail("tick", 1000)).elements.map((text) => JSON.parse(text))
      .filter(({ type }) => type === "trade").map(({ t }) => t);
    return times.filter((t) => t < (newest = Math.max(newest, t)) - 1_500).length;
  };
  assertEquals(await latePrints(), 0);
  world.simulator.control({ fault: "late_prints", count: 20, delay_ms: 2_000 });
  await until("they are in the list, where they came", async () => await latePrints() >= 20);
  await flowing(world);
  assertEquals(drops(world), 0);
});
