/** The small rules of the upstream side: waits, refusals, liveness, acks, leadership, slots, outages, universes. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TickcastError } from "../../src/feed/error.ts";
import { ackedTopics } from "../../src/ingest/upstream/ack_ledger.ts";
import {
  BACKOFF_CAP_MS,
  backoffMs,
  REFUSED_CAP_MS,
  refusedMs,
  REST_BASE_MS,
  REST_CAP_MS,
  restMs,
} from "../../src/ingest/upstream/backoff.ts";
import { ConnectionStats } from "../../src/ingest/upstream/connection_stats.ts";
import { LEASE_MS, mayTake, nextLooks } from "../../src/ingest/leadership.ts";
import { Liveness } from "../../src/ingest/upstream/liveness.ts";
import { Outages } from "../../src/ingest/manage/outages.ts";
import { refusalOfClose, refusalOfSocketError, refusalOfStatus } from "../../src/ingest/upstream/refusal.ts";
import { decideSlot } from "../../src/ingest/manage/slot_rules.ts";
import { splitTopic, symbolsOfMarket, withoutCovered } from "../../src/ingest/wire/subscription_topics.ts";
import { parseUniverses, resolveUniverse } from "../../src/ingest/plan/universes.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("waits are bounded, jittered in full also at the cap, and a rest is never under a minute", () => {
  fc.assert(fc.property(fc.nat(1_000_000), chance, (attempt, random) => {
    const wait = backoffMs(attempt, () => random);
    assert(wait >= 0 && wait <= BACKOFF_CAP_MS);
    const rest = restMs(attempt, () => random);
    assert(rest >= REST_BASE_MS && rest <= REST_CAP_MS * 1.25);
    const refused = refusedMs(attempt, () => random);
    assert(refused > 0 && refused <= REFUSED_CAP_MS);
  }));
  assertEquals(backoffMs(50, () => 0.5), BACKOFF_CAP_MS / 2);
  assertEquals(backoffMs(50, () => 0), 0);
});

test("any status, message, error or close code makes words without line breaks and at most a sample of the upstream's", () => {
  const text = fc.string({
    maxLength: 300,
    unit: fc.constantFrom("a", " ", "\n", "\r", "\u2028", "\u0000", '"', "é"),
  });
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom("error", "auth_failed", "weird"), text), text, (status, message) => {
      const refusal = refusalOfStatus(status, message);
      assert((refusal?.detail.length ?? 0) < 1_700 && !/[\r\n]/.test(refusal?.detail ?? ""));
      for (const one of [refusalOfSocketError(status, message), refusalOfClose(4000, message)]) {
        assert(one.detail.length < 1_700 && !/[\r\n]/.test(one.detail));
      }
    }),
  );
});

test("good news is no refusal", () => {
  for (const status of ["connected", "auth_success", "success"]) {
    assertEquals(refusalOfStatus(status, ""), undefined);
  }
});

test("acks are read in both spellings and in lists, and nothing else is one", () => {
  assertEquals(ackedTopics({ status: "success", message: "subscribed to: A.BRK.B" }), {
    topics: ["A.BRK.B"],
    held: true,
  });
  assertEquals(ackedTopics({ status: "success", message: "unsubscribed to: T.*" }), {
    topics: ["T.*"],
    held: false,
  });
  assertEquals(ackedTopics({ status: "success", message: "subscribed to: A.X, T.X" })?.topics, [
    "A.X",
    "T.X",
  ]);
  assertEquals(ackedTopics({ status: "success", message: "authenticated" }), undefined);
  assertEquals(ackedTopics({ status: "error", message: "subscribed to: A.X" }), undefined);
});

test("topics split at the first dot, and names under a wildcard are left out of their own prefix only", () => {
  assertEquals(splitTopic("T.BRK.B"), { prefix: "T", symbol: "BRK.B" });
  assertEquals([...withoutCovered(["A.*", "A.AAPL", "AM.AAPL"])], ["A.*", "AM.AAPL"]);
});

test("each market takes its own of a mixed list", () => {
  assertEquals(symbolsOfMarket(["AAPL", "X:BTC-USD", "X:*"], "crypto"), ["*"]);
  assertEquals(symbolsOfMarket(["AAPL", "X:BTC-USD", "X:*", "AAPL"], "stocks"), ["AAPL"]);
  assertEquals(symbolsOfMarket(["*"], "crypto"), ["*"]);
});

test("liveness: quiet is pinged, silence is dead within 10 s, and our own stall is not held against the peer", () => {
  const live = new Liveness(0);
  const seen: string[] = [];
  for (let now = 100; now <= 10_000; now += 100) {
    const advice = live.check(now);
    if (advice !== "alive") seen.push(`${advice} ${now}`);
    if (advice === "dead") break;
  }
  assertEquals(seen, ["ping 3000", "ping 6000", "dead 9000"]);
  const paused = new Liveness(0);
  paused.check(100);
  assertEquals(paused.check(60_000), "ping");
  assertEquals(paused.check(60_100), "alive");
  assertEquals(paused.check(61_000), "alive");
});

const lease = (over: Partial<{ owner: string; untilMs: number; nowMs: number }>) => ({
  owner: "a",
  fence: 7,
  untilMs: 10_000,
  nowMs: 0,
  ...over,
});

test("a lease that is given up or was never held is taken at once, a held one only after a whole lease time of working looks", () => {
  const fresh = nextLooks(undefined, 0);
  assertEquals(mayTake(undefined, fresh), true);
  assertEquals(mayTake(lease({ owner: "", untilMs: 99_999 }), fresh), true);
  assertEquals(mayTake(lease({ nowMs: 9_999 }), { workingSince: 0, lastLook: 9_999 }), false);
  assertEquals(mayTake(lease({ nowMs: 10_000 + LEASE_MS - 1 }), { workingSince: 0, lastLook: 0 }), false);
  assertEquals(mayTake(lease({ nowMs: 10_000 + LEASE_MS }), { workingSince: 0, lastLook: 0 }), true);
  // The store was away past `until`: its holder has the first chance to renew.
  assertEquals(mayTake(lease({ nowMs: 60_000 }), { workingSince: 59_000, lastLook: 60_000 }), false);
  assertEquals(nextLooks({ workingSince: 0, lastLook: 1_000 }, 2_000), { workingSince: 0, lastLook: 2_000 });
  assertEquals(nextLooks({ workingSince: 0, lastLook: 1_000 }, 9_000), {
    workingSince: 9_000,
    lastLook: 9_000,
  });
});

test("turned away: rest for strangers, and among our own the last in order gives way", () => {
  const me = (order: number, ageMs: number, evictions = 0) => ({ id: `c${order}`, order, ageMs, evictions });
  const holder = (order: number, ageMs: number) => ({ id: `c${order}`, order, ageMs });
  assertEquals(decideSlot(me(0, 60_000), []), { do: "rest" });
  assertEquals(decideSlot(me(0, 60_000), [holder(1, 60_000)]), { do: "rest" });
  // Evicted as the oldest, right after one of ours came in.
  assertEquals(decideSlot(me(0, 60_000), [holder(1, 500), holder(2, 60_000)]), { do: "displace", id: "c1" });
  assertEquals(decideSlot(me(2, 60_000), [holder(0, 500)]), { do: "give_way" });
  // Refused as the newcomer: the first time may be a slot not yet released.
  assertEquals(decideSlot(me(2, 500), [holder(0, 60_000)]), { do: "rest" });
  assertEquals(decideSlot(me(2, 500, 1), [holder(0, 60_000), holder(1, 60_000)]), { do: "give_way" });
  assertEquals(decideSlot(me(0, 500, 1), [holder(1, 60_000), holder(2, 60_000)]), {
    do: "displace",
    id: "c2",
  });
});

test("an outage is over when each of its topics is, and one that reopens is one long outage", () => {
  const outages = new Outages();
  outages.open("c1", "stocks", ["A.AAPL", "AM.AAPL", "A.MSFT"], 100);
  assertEquals(outages.settle((topic) => topic.startsWith("AM.")), [{
    frequency: "minute",
    from: 100,
    symbols: ["AAPL"],
  }]);
  outages.open("c1", "stocks", ["A.AAPL"], 200);
  assertEquals(outages.settle((topic) => topic === "A.AAPL"), []);
  assertEquals(outages.settle(() => true), [{ frequency: "tick", from: 100, symbols: ["AAPL", "MSFT"] }]);
  assertEquals(outages.isEmpty, true);
  assertEquals(outages.open("c2", "crypto", ["XT.BTC-USD"], undefined)[0]?.symbols, ["X:BTC-USD"]);
  assertEquals(outages.open("c3", "crypto", ["XA.*"], undefined)[0]?.symbols, undefined);
});

test("rates forget after ten seconds, and latency is the median of the last frames", () => {
  const stats = new ConnectionStats();
  for (let n = 0; n < 10; n++) {
    stats.frame(n * 1_000, 1_000_000 + n, 5, 1_000_000 + n - ([10, 20, 3_000][n % 3] ?? 0));
  }
  assertEquals(stats.rate(9_500), 5);
  assertEquals(stats.latencyMs(), 20);
  assertEquals(stats.rate(60_000), 0);
  stats.frame(60_000, 1_000_000, 1, 0);
  assertEquals(stats.latencyMs(), 20);
});

test("a universes file that is wrong says what of it, and `top_n` cuts a longer list", () => {
  for (const text of ["", "[1]", '{"a": "AAPL"}', '{"a": [1]}', "null"]) {
    const error = assertThrows(() => parseUniverses(text, "u.json"), TickcastError);
    assertEquals(error.code, "SETTINGS");
    assert(error.message.startsWith("UNIVERSES_FILE=u.json must be"));
  }
  const universes = parseUniverses('{"tech": ["A", "B", "C"], "tech:top_1": ["Z"]}', "u.json");
  assertEquals(resolveUniverse("tech:top_2", universes), ["A", "B"]);
  assertEquals(resolveUniverse("tech:top_1", universes), ["Z"]);
  assertEquals(resolveUniverse("ghost", universes), []);
});

test("no text makes the universes parser throw anything but its own error", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    try {
      parseUniverses(text, "u.json");
    } catch (error) {
      assert(error instanceof TickcastError && error.code === "SETTINGS");
    }
  }));
});
