/**
 * What ingest does about every misbehaviour of the real service that is in its sockets (massive-websocket notes §8.2, by number; those in the data: `misbehaving_data_test.ts`), on the real path:
 * simulator, sockets, data path, lists. Time runs ten times as fast.
 */
import { assert, assertEquals } from "@std/assert";
import { flowing, type SimulatedIngest, simulatedIngest, until } from "../support/simulated_ingest.ts";

const BOTH = { TICK_EVENTS: "A,T" };
/** For tests that are mostly rest. */
const FAST = 30;

const gapsIn = async (world: SimulatedIngest, list: string) =>
  (await world.store.readTail(list, 1000)).elements.filter((element) => element.includes('"type":"gap"'));

Deno.test("#1 a drop without a close frame: reconnected, and the time between told as a gap", async () => {
  await using world = await simulatedIngest(BOTH);
  await flowing(world);
  world.simulator.control({ fault: "drop" });
  await until("the drop is told", () => world.whys().includes("dropped"));
  await flowing(world);
  await until("the gap stands in the list", async () => (await gapsIn(world, "tick")).length === 1);
});

Deno.test("#2 half open: known dead within 10 s, and over", async () => {
  await using world = await simulatedIngest(BOTH);
  await flowing(world);
  const at = world.clock.monotonic();
  world.simulator.control({ fault: "half_open" });
  await until("it is dead", () => world.whys().includes("dead"));
  assert(world.clock.monotonic() - at <= 11_000, `${world.clock.monotonic() - at} ms`);
  await flowing(world);
});

Deno.test("#3 pongs withheld while data flows: nothing happens", async () => {
  await using world = await simulatedIngest(BOTH);
  await flowing(world);
  world.simulator.control({ fault: "withhold_pongs" });
  await world.clock.sleep(15_000);
  await flowing(world);
  assertEquals(world.whys(), []);
});

Deno.test("#4 evicted while streaming: told why, and at rest for a minute", async () => {
  await using world = await simulatedIngest(BOTH, {}, () => {}, FAST);
  await flowing(world);
  world.simulator.control({ fault: "evict_oldest" });
  await until("the eviction is told", () => world.whys().includes("max_connections"));
  assertEquals(world.connection().status, "error");
  await world.clock.sleep(20_000);
  assertEquals(world.simulator.state().accepted, 1);
});

Deno.test("#5 refused as the newcomer after auth_success and acks: at rest for a minute, then in", async () => {
  await using world = await simulatedIngest(BOTH, {}, (simulator) => {
    simulator.control({ fault: "refuse_newcomers", times: 1 });
  }, FAST);
  await until("the refusal is told", () => world.whys().includes("max_connections"));
  const at = world.clock.monotonic();
  await flowing(world);
  assert(world.clock.monotonic() - at >= 55_000);
});

Deno.test("#6 an eviction war: this side does not fight", async () => {
  await using world = await simulatedIngest(BOTH, {}, () => {}, FAST);
  await flowing(world);
  world.simulator.control({ fault: "eviction_war", every_ms: 3_000, times: 10 });
  await world.clock.sleep(40_000);
  assertEquals(world.simulator.state().accepted, 1);
  assertEquals(world.whys(), ["max_connections"]);
});

for (
  const [number, fault, why, soon] of [
    [7, "bad_key", "bad_key", false],
    [8, "plan_refused", "plan_without_websocket", false],
    [9, "auth_timeout", "auth_timeout", true],
  ] as const
) {
  Deno.test(`#${number} ${fault}: told in its own words, ${soon ? "tried again soon" : "tried again seldom"}`, async () => {
    await using world = await simulatedIngest(BOTH, {}, (simulator) => {
      simulator.control({ fault, times: 1 });
    }, FAST);
    await until("it is told", () => world.whys().includes(why));
    const at = world.clock.monotonic();
    if (!soon) assertEquals(world.connection().status, "error");
    await flowing(world);
    const waited = world.clock.monotonic() - at;
    assert(soon ? waited < 10_000 : waited > 20_000, `${waited} ms`);
  });
}

for (const [access, why] of [["unsigned", "agreement_missing"], ["delayed", "no_realtime_access"]] as const) {
  Deno.test(`#10 ${access}: authenticated, refused in words, connected and in error`, async () => {
    await using world = await simulatedIngest(BOTH, {}, (simulator) => {
      simulator.control({ fault: "realtime_access", access });
    });
    await until("it is told", () => world.whys().includes(why));
    await until("it is in error", () => world.connection().status === "error");
    assert(world.connection().detail.length > 20);
  });
}

Deno.test("#11 part of a subscription not authorized: the rest flows, and health says how much is missing", async () => {
  await using world = await simulatedIngest({ ...BOTH, DATA_FREQUENCIES: "tick,minute" }, {}, (simulator) => {
    simulator.control({ fault: "deny_channels", channels: ["AM"] });
  });
  await flowing(world);
  assertEquals(world.whys(), ["not_authorized"]);
  assert(world.connection().detail.includes("1 of 3 topics"), world.connection().detail);
});

Deno.test("#12 no answer at all about a channel: given up on in time, the rest flows", async () => {
  await using world = await simulatedIngest({ ...BOTH, DATA_FREQUENCIES: "tick,minute" }, {}, (simulator) => {
    simulator.control({ fault: "silent_channels", channels: ["AM"] });
  });
  await flowing(world);
  assert(world.connection().detail.includes("AM.*"), world.connection().detail);
  assertEquals(world.whys(), []);
});

Deno.test("#13 acks late and some never: data flows before they come", async () => {
  await using world = await simulatedIngest({ TICK_SYMBOLS: "AAPL,MSFT,NVDA" }, {}, (simulator) => {
    simulator.control({ fault: "ack_trouble", delay_ms: 2_000, drop_every: 3 });
  });
  await until("it is connected", () => world.connection().status === "connected");
  assert(world.connection().detail.includes("1 of 3 topics"), world.connection().detail);
});

Deno.test("#14 the subscription limit, told 27 times: logged once, connection stays", async () => {
  await using world = await simulatedIngest({ TICK_SYMBOLS: "AAPL,MSFT,NVDA" }, {}, (simulator) => {
    simulator.control({ fault: "subscription_limit", limit: 2, repeats: 27 });
  });
  await until("it is in error", () => world.connection().status === "error");
  assertEquals(world.whys(), ["subscription_limit"]);
});

Deno.test("#27 a long legal silence: connected all along", async () => {
  await using world = await simulatedIngest(BOTH);
  await flowing(world);
  world.simulator.control({ fault: "silence", duration_ms: 30_000 });
  await world.clock.sleep(25_000);
  assertEquals([world.connection().status, world.connection().rate], ["connected", 0]);
  await flowing(world);
  assertEquals(world.whys(), []);
});

for (const [status, why] of [[404, "wrong_path"], [503, "outage"]] as const) {
  Deno.test(`#28 the upgrade refused with ${status}: told as ${why}, tried again`, async () => {
    await using world = await simulatedIngest(BOTH, {}, (simulator) => {
      simulator.control({ fault: "refuse_upgrade", status, times: 1 });
    }, FAST);
    await flowing(world);
    assertEquals(world.whys(), [why]);
  });
}

Deno.test("#28 a slow `connected`: the key is sent all the same, and the connection is in", async () => {
  await using world = await simulatedIngest(BOTH, {}, (simulator) => {
    simulator.control({ fault: "slow_connected", delay_ms: 5_000 });
  });
  await flowing(world);
  assertEquals(world.whys(), []);
});

Deno.test("#28 `connected` that does not come: told as such, tried again", async () => {
  await using world = await simulatedIngest(BOTH, {}, (simulator) => {
    simulator.control({ fault: "slow_connected", delay_ms: 600_000 });
  });
  await until("it is told", () => world.whys().includes("no_greeting"));
  world.simulator.control({ fault: "reset" });
  await flowing(world);
});

Deno.test("#28 the upgrade cut, and a slow `connected`: both survived", async () => {
  await using world = await simulatedIngest(BOTH, {}, (simulator) => {
    simulator.control({ fault: "refuse_upgrade", status: null, times: 1 });
    simulator.control({ fault: "slow_connected", delay_ms: 1_500 });
  });
  await flowing(world);
  assertEquals(world.whys().length, 1);
});

const THREE = {
  USE_MULTI_CONNECTION: "true",
  WEBSOCKET_ROUTING_STRATEGY: "round_robin",
  WEBSOCKET_CONNECTION_2_ENABLED: "true",
  WEBSOCKET_CONNECTION_3_ENABLED: "true",
  TICK_SYMBOLS: "AAPL,MSFT,NVDA,AMZN,GOOGL,TSLA",
};

Deno.test("#29 a restart of the service drops all three at once: all are back, with their own tickers", async () => {
  await using world = await simulatedIngest(THREE);
  await until("all three are up", () => [0, 1, 2].every((n) => world.connection(n).status === "connected"));
  const topics = () =>
    world.simulator.state().connections.map(({ subscriptions }) => subscriptions.join()).sort();
  const before = topics();
  world.simulator.control({ fault: "restart", refusals: 4 });
  await until("all three noticed", () => world.whys().filter((why) => why === "dropped").length === 3);
  await until(
    "all three are up again",
    () => [0, 1, 2].every((n) => world.connection(n).status === "connected"),
  );
  // Whoever was back later had its tickers lent meanwhile.
  await until("all tickers are home", () => [0, 1, 2].every((n) => world.connection(n).tickers === 2));
  await until("the upstream has it so too", () => topics().join(" ") === before.join(" "));
});

Deno.test("#30 the slot is still taken after a drop: refused, at rest, and in once it is free", async () => {
  const accounts = {
    accounts: [{
      name: "one",
      keys: ["simulator"],
      quota: 1,
      policy: "refuse-newest" as const,
      markets: { stocks: { realtime: ["T", "A", "AM"] } },
    }],
  };
  await using world = await simulatedIngest(BOTH, { accounts }, () => {}, FAST);
  await flowing(world);
  world.simulator.control({ fault: "slot_release", delay_ms: 10_000 });
  world.simulator.control({ fault: "half_open", reap_ms: 30_000 });
  await until("it is dead", () => world.whys().includes("dead"));
  await until("the slot is still taken", () => world.whys().includes("max_connections"));
  await flowing(world);
});

for (const framing of ["one-frame", "frame-each", "with-data"] as const) {
  Deno.test(`#31 acks framed ${framing} and said twice: counted once`, async () => {
    await using world = await simulatedIngest({ TICK_SYMBOLS: "AAPL,MSFT,NVDA" }, {}, (simulator) => {
      simulator.control({ fault: "ack_framing", framing, repeats: 2 });
    });
    await flowing(world);
    await until("all are acknowledged", () => world.connection().detail === "streaming");
  });
}

for (const variant of [1, 2, 3, 4]) {
  Deno.test(`#32 max_connections in text ${variant}: known by its status`, async () => {
    await using world = await simulatedIngest(BOTH, {}, (simulator) => {
      simulator.control({ fault: "max_connections_text", variant });
      simulator.control({ fault: "refuse_newcomers", times: 1 });
    });
    await until("it is told", () => world.whys().includes("max_connections"));
  });
}
