/** Room is there when a client is let in, not only when it knocked: a token is judged between the two, and a handshake made. */
import { assertEquals } from "@std/assert";
import type { AdmittedUpgrade } from "../../../src/edge/admit/edge_doors.ts";
import { type AccessGate, anonymous } from "../../../src/edge/admit/principal.ts";
import { drainEdge } from "../../../src/edge/drain.ts";
import { type EdgeParts, wireEdge } from "../../../src/edge/edge_wiring.ts";
import { silentLog } from "../../../src/feed/log.ts";
import type { EdgeSettings } from "../../../src/feed/settings/settings.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { edgeSettings } from "../edge_rig.ts";
import { FakeSocket } from "../fake_socket.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const BOB = { ...anonymous("premium"), subject: "bob" };
const DOORS = ["/ws/tick?symbols=*", "/massive/stocks"];

interface Scene extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly parts: EdgeParts;
  /** Upgrades whose tokens are being judged. */
  knock(door: string, count: number): Promise<readonly (AdmittedUpgrade | Response)[]>;
  /** Every token under judgement is found good. */
  judge(): void;
  drain(): Promise<void>;
}

function scene(over: Partial<EdgeSettings>): Scene {
  const clock = new ManualClock();
  let judged = Promise.withResolvers<void>();
  const gate: AccessGate = {
    async admit() {
      await judged.promise;
      return { principal: BOB, headers: undefined };
    },
    authenticate: () => Promise.resolve(BOB),
  };
  const parts = wireEdge({
    settings: { edge: edgeSettings(over) },
    store: createMemoryStore(clock),
    clock,
    random: () => 0.5,
    log: silentLog,
    edgeId: "edge-1",
    version: "test",
    pages: new Map(),
    gate,
  }, { phase: "serving" });
  const drain = async () => {
    const drained = drainEdge({ ...parts, servers: [] });
    await clock.advance(5_000);
    await drained;
  };
  return {
    clock,
    parts,
    knock(door, count) {
      const ask = () =>
        parts.doors.admitUpgrade(
          new Request(`http://edge${door}`, { headers: { upgrade: "websocket" } }),
          "",
        );
      return Promise.all(Array.from({ length: count }, ask));
    },
    judge() {
      judged.resolve();
      judged = Promise.withResolvers();
    },
    drain,
    [Symbol.asyncDispose]: drain,
  };
}

/** Lets a socket open; the socket. */
function open(upgrade: AdmittedUpgrade | Response | undefined) {
  if (upgrade === undefined || upgrade instanceof Response) throw new Error("it was not let in");
  const socket = new FakeSocket();
  const handlers = upgrade.handlers(socket);
  handlers.onOpen();
  return { socket, handlers };
}

const held = ({ hub, massive }: EdgeParts) => hub.size + massive.size;
const statusOf = (one: AdmittedUpgrade | Response) => one instanceof Response ? one.status : 101;

for (const door of DOORS) {
  pure(`sockets judged together are no more than the instance takes once open, at ${door}`, async () => {
    await using s = scene({ wsMaxConnections: 2 });
    const asked = s.knock(door, 5);
    s.judge();
    const sockets = (await asked).map((one) => open(one).socket);
    assertEquals(held(s.parts), 2);
    const codes = sockets.map(({ closeCode }) => closeCode);
    const turnedAway = door.startsWith("/ws") ? 4002 : 1012;
    assertEquals(codes, [undefined, undefined, turnedAway, turnedAway, turnedAway]);
    assertEquals(s.parts.core.counters.limits.get("instance"), 3);
    assertEquals(s.parts.core.counters.refused.get("OVERLOADED"), 3);
  });

  pure(`an instance full by the time a token is judged refuses before the upgrade, at ${door}`, async () => {
    await using s = scene({ wsMaxConnections: 1 });
    const first = s.knock(door, 1);
    s.judge();
    const [upgrade] = await first;
    const second = s.knock(door, 1);
    open(upgrade);
    s.judge();
    assertEquals((await second).map(statusOf), [503]);
  });

  pure(
    `an upgrade that a drain overtakes is refused, before its handshake or after, at ${door}`,
    async () => {
      await using s = scene({});
      const before = s.knock(door, 1);
      s.judge();
      const [admitted] = await before;
      const during = s.knock(door, 1);
      await s.drain();
      s.judge();
      assertEquals((await during).map(statusOf), [503]);
      const { socket, handlers } = open(admitted);
      assertEquals(socket.closeCode, door.startsWith("/ws") ? 4002 : 1012);
      handlers.onClose();
      await s.clock.advance(10_000);
      assertEquals([held(s.parts), s.clock.pending, s.parts.core.subjects.size], [0, 0, 0]);
    },
  );
}

for (const [first, second] of [DOORS, DOORS.toReversed()]) {
  pure(
    `who came in by ${first} takes a place from who knocks at ${second}; a poll that waits takes none`,
    async () => {
      await using s = scene({ wsMaxConnections: 2 });
      s.parts.core.counters.active.poll = 5;
      const inside = s.knock(String(first), 2);
      s.judge();
      for (const upgrade of await inside) open(upgrade);
      const late = s.knock(String(second), 1);
      s.judge();
      assertEquals((await late).map(statusOf), [503]);
      s.parts.core.counters.active.poll = 0;
    },
  );
}

pure("sockets judged together share what their token may hold", async () => {
  await using s = scene({ maxConnectionsPerToken: 2 });
  const asked = s.knock("/ws/tick", 5);
  s.judge();
  const upgrades = await asked;
  assertEquals(upgrades.map(statusOf), [101, 101, 503, 503, 503]);
  const [first, second] = upgrades;
  const { handlers } = open(first);
  assertEquals(s.parts.core.subjects.count("bob"), 2);
  if (!(second instanceof Response)) second?.abandon();
  assertEquals(s.parts.core.subjects.count("bob"), 1);
  handlers.onClose();
  assertEquals(s.parts.core.subjects.count("bob"), 0);
});

pure("a socket that is turned away as it opens is told why", async () => {
  await using s = scene({ wsMaxConnections: 1 });
  const asked = s.knock("/ws/tick?symbols=*", 2);
  s.judge();
  const [, second] = await asked.then((all) => all.map((one) => open(one)));
  assertEquals(second?.socket.read.map(({ type, code }) => [type, code]), [["error", "OVERLOADED"]]);
  second?.handlers.onMessage('{"action":"ping"}');
  second?.handlers.onClose();
  assertEquals([second?.socket.read.length, s.parts.core.counters.closing], [1, 0]);
});
