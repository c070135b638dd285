import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { TickcastError } from "../../src/feed/error.ts";
import { silentLog } from "../../src/feed/log.ts";
import { describeFaults, FAULTS } from "../../src/simulator/faults/fault_table.ts";
import type { AccountsInput } from "../../src/simulator/protocol/accounts.ts";
import type { Simulator, SimulatorOptions } from "../../src/simulator/simulator_options.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { eventually, MassiveClient } from "../support/massive_client.ts";

const ONE_SLOT: AccountsInput = {
  accounts: [{
    name: "solo",
    keys: ["k1", "k2"],
    quota: 1,
    markets: {
      stocks: { realtime: ["T", "A", "AM"], business: ["FMV", "AM"] },
      crypto: { realtime: ["XT"] },
    },
  }],
};

interface Scene {
  readonly simulator: Simulator;
  readonly clock: ManualClock;
  readonly stocks: string;
}

/** Runs a test with a simulator of a market that stands still until the clock moves. */
function faulty(name: string, fn: (scene: Scene) => Promise<void>, options: SimulatorOptions = {}): void {
  Deno.test(name, async () => {
    const clock = new ManualClock();
    await using simulator = await startSimulator({ rate: 100, symbols: 5, lateShare: 0, ...options }, {
      clock,
      log: silentLog,
    });
    await fn({ simulator, clock, stocks: `${simulator.url}/stocks` });
  });
}

const success = (...pairs: string[]) => pairs.map((pair) => `success: subscribed to: ${pair}`);

Deno.test("Every one of the 32 known misbehaviours is in the table, and each entry says what it does", () => {
  const numbers = new Set([...FAULTS.values()].flatMap((fault) => fault.numbers));
  assertEquals([...numbers].sort((a, b) => a - b), Array.from({ length: 32 }, (_, n) => n + 1));
  for (const { summary, params } of describeFaults()) {
    assert(typeof summary === "string" && summary.length > 20);
    assertEquals(typeof params, "object");
  }
});

faulty(
  "1 drop: mid-stream and without a close frame, only the chosen one",
  async ({ simulator, stocks, clock }) => {
    await using first = await MassiveClient.subscribed(stocks, "T.*");
    await using second = await MassiveClient.subscribed(stocks, "T.*");
    assertEquals(simulator.control({ fault: "drop", connection: 1 }), { fault: "drop", connections: [1] });
    assertEquals((await first.ending()).code, 1006);
    await clock.advance(500);
    await second.until(() => second.of("T").length > 0, "data on the other connection");
  },
);

faulty(
  "2 half_open: no data, no pong, no answer, TCP stays, until it is reaped",
  async ({ simulator, stocks, clock }) => {
    await using dead = await MassiveClient.subscribed(stocks, "T.*");
    await using alive = await MassiveClient.subscribed(stocks, "T.*");
    simulator.control({ fault: "half_open", connection: 1, reap_ms: 30_000 });
    const frames = dead.frames.length;
    dead.ping("anybody?");
    dead.subscribe("A.*");
    await clock.advance(29_000);
    await alive.caughtUp();
    assertEquals([dead.frames.length, dead.pongs.length], [frames, 0]);
    assertEquals(simulator.state().connections[0]?.condition, "half-open");
    await clock.advance(1000);
    assertEquals((await dead.ending()).code, 1006);
  },
);

faulty(
  "3 withhold_pongs: data flows, pings go unanswered, until it is undone",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    simulator.control({ fault: "withhold_pongs" });
    client.ping("lost");
    client.subscribe("A.*");
    await client.until(() => client.statuses.includes("success: subscribed to: A.*"), "the acknowledgement");
    await clock.advance(500);
    await client.until(() => client.of("T").length > 0, "data");
    assertEquals(client.pongs, []);
    simulator.control({ fault: "withhold_pongs", on: false });
    await client.caughtUp();
    assertEquals(client.pongs.includes("lost"), false);
  },
);

faulty(
  "4 evict_oldest: max_connections while streaming, then 1008 with no reason",
  async ({ simulator, stocks, clock }) => {
    await using oldest = await MassiveClient.subscribed(stocks, "T.*");
    await using newer = await MassiveClient.subscribed(stocks, "T.*");
    await clock.advance(200);
    simulator.control({ fault: "evict_oldest" });
    assertEquals(await oldest.ending(), { code: 1008, reason: "" });
    assert(
      oldest.statuses.at(-1)?.startsWith(
        "max_connections: Maximum number of websocket connections exceeded. ",
      ),
    );
    await newer.caughtUp();
  },
);

faulty(
  "5 refuse_newcomers: auth_success, acknowledgements, max_connections, 1008, in that order",
  async ({ simulator, stocks }) => {
    simulator.control({ fault: "refuse_newcomers", times: 1 });
    await using newcomer = await MassiveClient.open(stocks);
    newcomer.auth();
    newcomer.subscribe("T.*");
    assertEquals((await newcomer.ending()).code, 1008);
    assertEquals(newcomer.statuses.slice(1, 3), ["auth_success: authenticated", ...success("T.*")]);
    assert(newcomer.statuses[3]?.startsWith("max_connections: "));
    await using next = await MassiveClient.subscribed(stocks, "T.*");
    await next.caughtUp();
  },
);

faulty(
  "5 quota_after: a newcomer that subscribes nothing is told within 1.5 s",
  async ({ simulator, stocks, clock }) => {
    simulator.control({ fault: "refuse_newcomers", times: 1 });
    await using newcomer = await MassiveClient.subscribed(stocks, "");
    await clock.advance(1500);
    assertEquals((await newcomer.ending()).code, 1008);
  },
);

faulty(
  "5 quota_after: whoever is over quota hears it at once, or after the acknowledgements",
  async ({ simulator, stocks }) => {
    const evicted = async (when: "auth" | "acks") => {
      simulator.control({ fault: "quota_after", when });
      await using _held = await MassiveClient.subscribed(stocks, "T.*", "k1");
      await using newcomer = await MassiveClient.open(stocks);
      newcomer.auth("k2");
      newcomer.subscribe("T.*");
      await newcomer.ending();
      return newcomer.of("status").map(({ status }) => status);
    };
    assertEquals(await evicted("auth"), ["connected", "auth_success", "max_connections"]);
    assertEquals(await evicted("acks"), ["connected", "auth_success", "success", "max_connections"]);
  },
  {
    accounts: {
      accounts: ONE_SLOT.accounts.map((account) => ({ ...account, policy: "refuse-newest" as const })),
    },
  },
);

faulty("6 eviction_war: the oldest goes again and again", async ({ simulator, stocks, clock }) => {
  simulator.control({ fault: "eviction_war", market: "stocks", every_ms: 10_000, times: 2 });
  for (let round = 0; round < 2; round++) {
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    await clock.advance(10_000);
    assertEquals((await client.ending()).code, 1008);
  }
  await using peace = await MassiveClient.subscribed(stocks, "T.*");
  await clock.advance(30_000);
  await peace.caughtUp();
});

for (
  const [number, fault, status] of [
    [7, "bad_key", "auth_failed: authentication failed"],
    [
      8,
      "plan_refused",
      "auth_failed: Your plan doesn't include websocket access. Visit https://massive.com/pricing to upgrade.",
    ],
    [9, "auth_timeout", "auth_timeout: No authentication request received."],
  ] as const
) {
  faulty(
    `${number} ${fault}: the next authentication only, then a cut without close frame`,
    async ({ simulator, stocks }) => {
      simulator.control({ fault });
      await using refused = await MassiveClient.open(stocks);
      refused.auth();
      assertEquals((await refused.ending()).code, 1006);
      assertEquals(refused.statuses, ["connected: Connected Successfully", status]);
      await using next = await MassiveClient.subscribed(stocks, "T.*");
      await next.caughtUp();
    },
  );
}

faulty("9 auth_timer: can be made shorter", async ({ simulator, stocks, clock }) => {
  simulator.control({ fault: "auth_timer", timeout_ms: 50 });
  await using client = await MassiveClient.open(stocks);
  await clock.advance(50);
  assertEquals((await client.ending()).code, 1006);
  assertEquals(client.statuses[1], "auth_timeout: No authentication request received.");
});

faulty(
  "10 realtime_access: auth_success, then an error in words; the connection stays up",
  async ({ simulator, stocks }) => {
    simulator.control({ fault: "realtime_access", access: "unsigned" });
    await using client = await MassiveClient.subscribed(stocks, "");
    client.subscribe("T.*");
    await client.saw("error");
    assert(client.statuses[2]?.includes("sign your agreements"));
    assertEquals(client.statuses[3], "error: not authorized");
    simulator.control({ fault: "realtime_access", access: null });
    client.subscribe("T.*");
    await client.saw("success");
  },
);

faulty(
  "11 deny_channels: refusals first, naming nothing, the others confirmed",
  async ({ simulator, stocks }) => {
    simulator.control({ fault: "deny_channels", channels: ["T"] });
    await using client = await MassiveClient.subscribed(stocks, "A.*,T.AAPL,AM.*,T.MSFT");
    assertEquals(client.statuses.slice(2), [
      "error: not authorized",
      "error: not authorized",
      ...success("A.*", "AM.*"),
    ]);
  },
);

faulty("12 silent_channels: no acknowledgement, no error, no data", async ({ simulator, stocks, clock }) => {
  simulator.control({ fault: "silent_channels", channels: ["T"] });
  await using client = await MassiveClient.subscribed(stocks, "T.*,A.*");
  await clock.advance(500);
  await client.caughtUp();
  assertEquals(client.statuses.slice(2), success("A.*"));
  assertEquals(client.of("T"), []);
});

faulty(
  "13 ack_trouble: acknowledgements behind the data, every n-th never",
  async ({ simulator, stocks, clock }) => {
    simulator.control({ fault: "ack_trouble", delay_ms: 1000, drop_every: 2 });
    await using client = await MassiveClient.subscribed(stocks, "");
    client.subscribe("T.*,A.*,AM.*");
    await eventually(() => simulator.state().connections[0]?.subscriptions.length === 3, "the subscription");
    await clock.advance(900);
    await client.until(() => client.of("T").length > 0, "data");
    assertEquals(client.statuses.length, 2);
    await clock.advance(100);
    await client.saw("success");
    assertEquals(client.statuses.slice(2), success("T.*", "AM.*"));
  },
);

faulty(
  "14 subscription_limit: the crossing request refused whole, the error repeated, what is held flows on",
  async (scene) => {
    const { simulator, stocks, clock } = scene;
    simulator.control({ fault: "subscription_limit", limit: 2, repeats: 3 });
    await using client = await MassiveClient.subscribed(stocks, "T.SPY,T.QQQ");
    client.subscribe("T.AAPL,A.*");
    await client.saw("error");
    const refusal =
      "error: Subscription limit reached for feed. Please remove some subscriptions and try again.";
    assertEquals(client.statuses.slice(4), [refusal, refusal, refusal]);
    await clock.advance(1000);
    await client.until(() => client.of("T").length > 0, "held subscriptions to flow");
  },
);

faulty(
  "15 minute_burst: thousands of bars in a few hundred ms, seconds overlapping",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "AM.*,A.*");
    simulator.control({ fault: "minute_burst", symbols: 8000, within_ms: 300 });
    simulator.control({ fault: "minute_burst", symbols: 1000, within_ms: 300, width: "second" });
    await clock.advance(300);
    await client.until(() => client.of("AM").length >= 8000 && client.of("A").length >= 1000, "the burst");
    const bars = client.of("AM");
    assertEquals(new Set(bars.map((bar) => bar.sym)).size, 8000);
    assertEquals(Number(bars[0]?.e) - Number(bars[0]?.s), 60_000);
  },
);

faulty(
  "16 correct_bars: the same window with newer values, out of order",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "A.*");
    await clock.advance(6000);
    await client.until(() => client.of("A").length > 10, "bars");
    await client.caughtUp();
    const before = client.of("A");
    const { events } = simulator.control({ fault: "correct_bars", count: 5 });
    assertEquals(events, 5);
    await client.until(() => client.of("A").length === before.length + 5, "corrections");
    for (const again of client.of("A").slice(-5)) {
      const first = before.find((bar) => bar.sym === again.sym && bar.s === again.s);
      assertEquals(Number(again.v), Number(first?.v) + 100);
      assertEquals([again.o, again.e], [first?.o, first?.e]);
    }
  },
);

faulty("16 repeat_events: the last events again, word for word", async ({ simulator, stocks, clock }) => {
  await using client = await MassiveClient.subscribed(stocks, "T.*");
  await clock.advance(1000);
  await client.caughtUp();
  const before = client.of("T");
  simulator.control({ fault: "repeat_events", prefix: "T", count: 3 });
  await client.until(() => client.of("T").length === before.length + 3, "repeats");
  assertEquals(client.of("T").slice(-3), before.slice(-3));
});

faulty(
  "17 slow_link: lag grows, bundles grow, then a cut without close frame",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    simulator.control({ fault: "slow_link", bytes_per_second: 5000, buffer_bytes: 60_000 });
    for (let n = 0; n < 100 && simulator.state().connections.length > 0; n++) {
      await clock.advance(250);
      const frames = client.frames.length;
      if (simulator.state().connections[0]?.waitingBytes === 0) {
        await client.until(() => client.frames.length > frames, "a frame");
      }
    }
    assertEquals((await client.ending()).code, 1006);
    const sizes = client.frames.filter((frame) => frame.includes('"T"')).map((frame) => frame.length);
    assert(sizes.length > 3, `${sizes}`);
    assert((sizes.at(-1) ?? 0) > 3 * (sizes[0] ?? 0), `bundles grew: ${sizes}`);
  },
  { openBurst: false },
);

faulty(
  "18 open_burst: tens of thousands of trades a second, all of them",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    simulator.control({ fault: "open_burst", events_per_second: 20_000, duration_ms: 500 });
    await clock.advance(500);
    await client.until(() => client.of("T").length >= 10_000, "the burst");
  },
  { rate: 0 },
);

faulty("18 big_frame: one frame over a megabyte", async ({ simulator, stocks }) => {
  await using client = await MassiveClient.subscribed(stocks, "T.*");
  simulator.control({ fault: "big_frame", bytes: 1_200_000 });
  await client.until(
    () => client.frames.some((frame) => frame.length >= 1_200_000),
    "a frame of over a megabyte",
  );
});

faulty(
  "19 malformed: frames that are no array of events; the connection goes on",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    simulator.control({ fault: "malformed" });
    simulator.control({ fault: "malformed", text: "{my own" });
    await client.until(() => client.frames.includes("{my own"), "the malformed frames");
    const broken = client.frames.filter((frame) => {
      try {
        return !Array.isArray(JSON.parse(frame));
      } catch {
        return true;
      }
    });
    assert(broken.length >= 6, `${broken}`);
    await clock.advance(500);
    await client.until(() => client.of("T").length > 0, "data");
  },
);

faulty(
  "20 bad_element: good trades with bad elements among them in one frame",
  async ({ simulator, stocks }) => {
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    simulator.control({ fault: "bad_element" });
    await client.until(() => client.frames.some((frame) => frame.includes('"p":"187.2"')), "the frame");
    const frame: unknown[] = JSON.parse(client.frames.at(-1) ?? "");
    const good = frame.filter((element) => {
      const { p, t } = (element ?? {}) as { p?: unknown; t?: unknown };
      return typeof p === "number" && typeof t === "number";
    });
    assertEquals([frame.length, good.length], [7, 2]);
  },
  { rate: 0 },
);

faulty("21 unknown_event: types and keys nobody knows, and none at all", async ({ simulator, stocks }) => {
  await using client = await MassiveClient.subscribed(stocks, "T.*");
  simulator.control({ fault: "unknown_event" });
  await client.until(() => client.of("ZZ").length > 0, "the unknown");
  assert(client.elements.some((element) => !("ev" in element)));
});

faulty("22 bare_object: a trade without the array", async ({ simulator, stocks }) => {
  await using client = await MassiveClient.subscribed(stocks, "T.*");
  simulator.control({ fault: "bare_object" });
  await client.until(() => client.frames.some((frame) => frame.startsWith("{")), "a bare object");
});

faulty("23 fmv_unit: 13, 16 and 19 digits", async ({ simulator, clock }) => {
  await using client = await MassiveClient.subscribed(`${simulator.url}/business/stocks`, "FMV.*");
  for (const [unit, digits] of [["ms", 13], ["us", 16], ["ns", 19]] as const) {
    simulator.control({ fault: "fmv_unit", unit });
    client.frames.length = 0;
    await clock.advance(2000);
    await client.until(() => client.of("FMV").length > 0, "fair values");
    await client.caughtUp();
    const times = client.frames.flatMap((frame) =>
      [...frame.matchAll(/"t":(\d+)/g)].map((match) => match[1]?.length)
    );
    assertEquals(new Set(times), new Set([digits]));
  }
});

faulty(
  "24 omit_optionals: bars and trades without what may be missing",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "T.*,A.*");
    const optional = { A: ["op", "dv", "dav"], T: ["c", "pt", "ds", "trfi", "trft"] };
    const said = async (since: Readonly<Record<"A" | "T", number>>) => {
      await clock.advance(4000);
      await client.until(() => client.of("A").length > since.A && client.of("T").length > since.T, "both");
      await client.caughtUp();
      return (["A", "T"] as const).map((ev) =>
        optional[ev].filter((name) => client.of(ev).slice(since[ev]).some((element) => name in element))
      );
    };
    assertEquals(await said({ A: 0, T: 0 }), [optional.A, optional.T]);
    const since = { A: client.of("A").length, T: client.of("T").length };
    simulator.control({ fault: "omit_optionals" });
    assertEquals(await said(since), [[], []]);
  },
);

faulty("25 exponent_sizes: and ids of both kinds", async ({ simulator, clock }) => {
  await using client = await MassiveClient.subscribed(`${simulator.url}/crypto`, "XT.*");
  simulator.control({ fault: "exponent_sizes" });
  await clock.advance(5000);
  await client.until(() => client.of("XT").length > 20, "trades");
  const sizes = client.frames.flatMap((frame) =>
    [...frame.matchAll(/"s":([^,}]+)/g)].map((match) => match[1] ?? "")
  );
  assert(sizes.every((size) => /e/.test(size)), `${sizes.slice(0, 5)}`);
  const ids = client.of("XT").map((trade) => String(trade.i));
  assert(ids.some((id) => /^\d+$/.test(id)) && ids.some((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(id)));
});

faulty(
  "26 late_prints: an old time among new ones, reported far behind, and its bars once more",
  async (scene) => {
    const { simulator, stocks, clock } = scene;
    await using client = await MassiveClient.subscribed(stocks, "T.SPY,A.SPY");
    await clock.advance(3000);
    simulator.control({ fault: "late_prints", symbol: "SPY", delay_ms: 5000 });
    await clock.advance(6000);
    const isLate = (trade: Record<string, unknown>) => Number(trade.trft) - Number(trade.t) >= 4900;
    await client.until(() => client.of("T").some(isLate), "the late print");
    await client.caughtUp();
    const trades = client.of("T");
    const at = trades.findIndex(isLate);
    assert(Number(trades[at - 1]?.q) > Number(trades[at]?.q), "sequence numbers out of order");
    const windows = client.of("A").map((bar) => bar.s);
    assertEquals(windows.length - new Set(windows).size, 1);
  },
);

faulty("27 silence: answered, acknowledged, no data for a while", async ({ simulator, stocks, clock }) => {
  await using client = await MassiveClient.subscribed(stocks, "T.*");
  simulator.control({ fault: "silence", duration_ms: 300_000 });
  await clock.advance(60_000);
  client.subscribe("A.*");
  await client.caughtUp();
  assertEquals(client.of("T"), []);
  assertEquals(client.statuses.slice(2), success("T.*", "A.*"));
  await clock.advance(300_000);
  await client.until(() => client.of("T").length > 0, "data");
}, { rate: 1 });

faulty(
  "28 refuse_upgrade: an HTTP status, or cut before any answer; then again as ever",
  async ({ simulator, stocks }) => {
    simulator.control({ fault: "refuse_upgrade", status: 502 });
    await using refused = new MassiveClient(stocks);
    await assertRejects(() => refused.opened(), Error, "502");
    simulator.control({ fault: "refuse_upgrade", status: null });
    await using cut = new MassiveClient(stocks);
    await assertRejects(() => cut.opened(), Error);
    await using next = await MassiveClient.open(stocks);
    await next.caughtUp();
  },
);

faulty(
  "28 slow_connected: the upgrade succeeds long before `connected`",
  async ({ simulator, stocks, clock }) => {
    simulator.control({ fault: "slow_connected", delay_ms: 60_000, hold_answers: false });
    await using served = new MassiveClient(stocks);
    await served.opened();
    served.auth();
    await served.saw("auth_success");
    assertEquals(served.statuses, ["auth_success: authenticated"]);
    simulator.control({ fault: "slow_connected", delay_ms: 5000 });
    await using client = new MassiveClient(stocks);
    await client.opened();
    await eventually(() => simulator.state().connections.length === 2, "the connection");
    client.auth();
    client.subscribe("T.*");
    await clock.advance(4999);
    await client.caughtUp();
    assertEquals(client.frames, []);
    await clock.advance(1);
    await client.saw("success");
    assertEquals(client.of("status").map(({ status }) => status), ["connected", "auth_success", "success"]);
  },
);

faulty(
  "29 restart: every socket at once, then upgrades refused for a while",
  async ({ simulator, stocks }) => {
    await using first = await MassiveClient.subscribed(stocks, "T.*");
    await using second = await MassiveClient.subscribed(`${simulator.url}/crypto`, "XT.*");
    simulator.control({ fault: "restart", refusals: 1 });
    assertEquals([(await first.ending()).code, (await second.ending()).code], [1006, 1006]);
    await using early = new MassiveClient(stocks);
    await assertRejects(() => early.opened(), Error, "503");
    await using later = await MassiveClient.open(stocks);
    await later.caughtUp();
  },
);

faulty(
  "30 slot_release: the slot of a client that vanished stays taken",
  async ({ simulator, stocks, clock }) => {
    simulator.control({ fault: "slot_release", delay_ms: 20_000 });
    await using first = await MassiveClient.subscribed(stocks, "T.*", "k1");
    await first.vanish();
    await eventually(() => simulator.state().connections.length === 0, "the server to notice");
    assertEquals(simulator.state().slots, 1);
    await using refused = await MassiveClient.open(stocks);
    refused.auth("k2");
    assertEquals((await refused.ending()).code, 1008);
    await clock.advance(20_000);
    await using welcome = await MassiveClient.subscribed(stocks, "T.*", "k2");
    await welcome.caughtUp();
  },
  {
    accounts: {
      accounts: ONE_SLOT.accounts.map((account) => ({ ...account, policy: "refuse-newest" as const })),
    },
  },
);

faulty(
  "31 ack_framing: one frame each, or together with data, or said twice",
  async ({ simulator, stocks, clock }) => {
    simulator.control({ fault: "ack_framing", framing: "frame-each" });
    await using each = await MassiveClient.subscribed(stocks, "T.*,A.*,AM.*");
    await each.until(() => each.statuses.length === 5, "three acknowledgements");
    assertEquals(each.frames.length, 5);
    simulator.control({ fault: "ack_framing", framing: "with-data", repeats: 2 });
    await using mixed = await MassiveClient.subscribed(stocks, "");
    mixed.subscribe("T.*");
    await eventually(() => simulator.state().connections[1]?.subscriptions.length === 1, "the subscription");
    await clock.advance(200);
    await mixed.saw("success");
    assertEquals(mixed.statuses.slice(2), success("T.*", "T.*"));
    assert(mixed.frames.some((frame) => frame.includes('"success"') && frame.includes('"ev":"T"')));
  },
);

faulty("32 max_connections_text: the status stays, the words vary", async ({ simulator, stocks }) => {
  const texts: string[] = [];
  for (const variant of [1, 2, 3, 4]) {
    simulator.control({ fault: "max_connections_text", variant });
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    simulator.control({ fault: "evict_oldest" });
    await client.ending();
    texts.push(client.statuses.at(-1) ?? "");
  }
  assertEquals(texts, [
    "max_connections: Maximum number of connections exceeded.",
    "max_connections: Maximum number of websocket connections exceeded. ",
    "max_connections: Maximum number of websocket connections exceeded. You have reached the connection limit for your " +
    "account. Please contact support at https://polygon.io/contact to increase your limit.",
    "max_connections: Maximum number of websocket connections exceeded. You may only use 1 connections at a time.",
  ]);
});

faulty("reset: everything as it was", async ({ simulator, stocks }) => {
  simulator.control({ fault: "deny_channels", channels: ["T"] });
  simulator.control({ fault: "bad_key", times: 5 });
  simulator.control({ fault: "reset" });
  await using client = await MassiveClient.subscribed(stocks, "T.*");
  assertEquals(client.statuses.slice(2), success("T.*"));
});

faulty("A command that is none is refused with every problem, and changes nothing", async ({ simulator }) => {
  const unknown = assertThrows(
    () => simulator.control({ fault: "nope" }),
    TickcastError,
    "must be one of drop, ",
  );
  assertEquals(unknown.code, "BAD_REQUEST");
  const error = assertThrows(
    () => simulator.control({ fault: "silence", duration_ms: -1, extra: 1 }),
    TickcastError,
  );
  assert(error.message.includes("duration_ms") && error.message.includes("extra"), error.message);
  const http = simulator.url.replace("ws:", "http:");
  const post = async (body: string) => {
    const answer = await fetch(`${http}/control`, { method: "POST", body });
    return { status: answer.status, body: await answer.json() };
  };
  assertEquals((await post("{")).status, 400);
  assertEquals((await post("[]")).status, 400);
  assertEquals((await post('{"fault":"drop","connection":"x"}')).status, 400);
  assertEquals(await post('{"fault":"drop"}'), { status: 200, body: { fault: "drop", connections: [] } });
});

faulty(
  "GET /control shows connections, what each got, and the faults there are",
  async ({ simulator, stocks, clock }) => {
    await using client = await MassiveClient.subscribed(stocks, "T.*");
    await clock.advance(1000);
    await client.caughtUp();
    const answer = await fetch(`${simulator.url.replace("ws:", "http:")}/control`);
    const { connections, faults, accepted } = await answer.json();
    assertEquals(accepted, 1);
    assertEquals(connections[0].subscriptions, ["T.*"]);
    assertEquals(connections[0].events, client.of("T").length);
    assertNotEquals(faults.length, 0);
    const other = await fetch(`${simulator.url.replace("ws:", "http:")}/elsewhere`);
    assertEquals(other.status, 404);
    await other.body?.cancel();
  },
);
