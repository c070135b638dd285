/** Polls where they differ from sockets: one gap an answer, windows, waiting. */
import { assertEquals } from "@std/assert";
import { ManualClock } from "../../support/manual_clock.ts";
import { aGap, aTrade } from "../../support/event_factory.ts";
import { edgeRig, type Rig, type RigOptions } from "../edge_rig.ts";
import type { PollAnswer } from "../test_clients.ts";

interface PollScene extends AsyncDisposable {
  readonly rig: Rig;
  readonly clock: ManualClock;
  ask(path: string, passMs?: number): Promise<PollAnswer>;
}

function pollScene(options: RigOptions = {}): PollScene {
  const clock = new ManualClock();
  const rig = edgeRig({ ...options, clock });
  return {
    rig,
    clock,
    async ask(path, passMs = 100) {
      const asked = Promise.resolve(rig.edge.fetch(new Request(`http://edge${path}`)));
      await clock.advance(passMs);
      const response = await asked;
      return await response.json();
    },
    async [Symbol.asyncDispose]() {
      const closing = rig[Symbol.asyncDispose]();
      await clock.advance(10_000);
      await closing;
    },
  };
}

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const trades = (count: number, sym = "AAPL") =>
  Array.from({ length: count }, (_, n) => aTrade({ sym, tid: String(n) }));
const seqs = (answer: PollAnswer) => answer.events.map(({ id }) => Number(id.split("-")[1]));

pure("an answer tells a gap where it begins and ends before a second one", async () => {
  await using s = pollScene();
  await s.rig.writer.append("tick", [...trades(2), aGap(), ...trades(2), aGap(), ...trades(1)]);
  const first = await s.ask("/events/tick?cursor=earliest");
  assertEquals([seqs(first), first.gap], [[1, 2], null]);
  const second = await s.ask(`/events/tick?cursor=${first.cursor}`);
  assertEquals([seqs(second), second.gap?.lost, second.gap?.cause], [[4, 5], 3, "overflow"]);
  const third = await s.ask(`/events/tick?cursor=${second.cursor}`);
  assertEquals([seqs(third), third.gap?.lost], [[7], 3]);
});

pure("several lists' gaps come one an answer, and then what each list still has", async () => {
  await using s = pollScene();
  const plan = {
    at: 0,
    streams: { tick: { symbols: ["*"], lists: 2 } },
    markets: ["stocks"],
    simulated: false,
  };
  await s.rig.store.writeNote("plan", JSON.stringify(plan), undefined);
  await s.rig.writer.append("tick.0", trades(3, "A"));
  await s.rig.writer.append("tick.1", trades(4, "B"));
  const first = await s.ask("/events/tick?cursor=tick.0:00000001-5,tick.1:00000001-9");
  assertEquals([first.events, first.gap?.cause, first.gap?.lost], [[], "epoch", null]);
  const second = await s.ask(`/events/tick?cursor=${first.cursor}`);
  assertEquals([second.gap?.cause, second.gap?.lost, second.events.length], ["epoch", null, 7]);
  const third = await s.ask(`/events/tick?cursor=${second.cursor}`);
  assertEquals([third.events.length, third.gap], [0, null]);
  const heads = [s.rig.writer.heads.get("tick.0"), s.rig.writer.heads.get("tick.1")];
  const uneven = await s.ask(`/events/tick?cursor=tick.0:${heads[0]?.epoch}-1,tick.1:${heads[1]?.epoch}-3`);
  assertEquals(uneven.events.map(({ id }) => id.slice(0, 2) + id.split("-")[1]).sort(), [
    "0.2",
    "0.3",
    "1.4",
  ]);
  assertEquals(uneven.cursor, third.cursor);
});

pure("a wait ends with the first event that is wanted, or with a cursor that has moved", async () => {
  await using s = pollScene();
  await s.rig.writer.append("tick", trades(1));
  const { cursor } = await s.ask("/events/tick");
  const wanted = s.ask(`/events/tick?cursor=${cursor}&symbols=MSFT&wait=10`, 0);
  await s.clock.advance(1000);
  await s.rig.writer.append("tick", trades(3, "AAPL"));
  await s.clock.advance(1000);
  await s.rig.writer.append("tick", trades(2, "MSFT"));
  await s.clock.advance(1000);
  assertEquals(seqs(await wanted), [5, 6]);
  const idle = s.ask(`/events/tick?cursor=${cursor}&symbols=TSLA&wait=5`, 0);
  await s.clock.advance(6000);
  const answer = await idle;
  assertEquals([answer.events, answer.cursor.endsWith("-6")], [[], true]);
  assertEquals(s.rig.edge.counters.active.poll, 0);
});

pure("ten thousand polls that wait are one frame and no more reads than one", async () => {
  await using s = pollScene();
  await s.rig.writer.append("tick", trades(1));
  const { cursor } = await s.ask("/events/tick");
  const before = s.rig.edge.counters.framesBuilt;
  const asked = Array.from(
    { length: 2000 },
    () => Promise.resolve(s.rig.edge.fetch(new Request(`http://edge/events/tick?cursor=${cursor}&wait=20`))),
  );
  await s.clock.advance(500);
  assertEquals(s.rig.edge.counters.active.poll, 2000);
  const commands = s.rig.store.usage().commands;
  await s.rig.writer.append("tick", trades(4));
  await s.clock.advance(100);
  const answers = await Promise.all(asked.map(async (one) => (await one).text()));
  assertEquals(new Set(answers).size, 1);
  assertEquals(s.rig.edge.counters.framesBuilt - before <= 3, true);
  assertEquals(s.rig.store.usage().commands - commands < 60, true);
});

pure("a free poll gets the latest, counted", async () => {
  await using s = pollScene({ settings: { defaultTier: "free" } });
  await s.rig.writer.append("tick", trades(9));
  const answer = await s.ask("/events/tick?cursor=earliest");
  assertEquals(answer.events.map((event) => Reflect.get(event, "n")), [9]);
});
