/** Polls where they differ from sockets: one gap an answer, windows, waiting. */
import { assert, assertEquals } from "@std/assert";
import { ManualClock } from "../../support/manual_clock.ts";
import { splitTicks } from "../split_plan.ts";
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
  await splitTicks(s.rig.store, 2);
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
  const built = s.rig.edge.counters.framesBuilt - before;
  assert(built <= 3, `${built} frames built`);
  const more = s.rig.store.usage().commands - commands;
  assert(more < 60, `${more} commands`);
});

pure("a free poll gets the latest, counted", async () => {
  await using s = pollScene({ settings: { defaultTier: "free" } });
  await s.rig.writer.append("tick", trades(9));
  const answer = await s.ask("/events/tick?cursor=earliest");
  assertEquals(answer.events.map((event) => Reflect.get(event, "n")), [9]);
});

pure("a wait that the ring overtakes tells what is lost and gives the rest", async () => {
  await using s = pollScene({ settings: { defaultTier: "free", ringBytes: 1000 } });
  await s.rig.writer.append("tick", trades(1));
  const { cursor: before } = await s.ask("/events/tick", 2000);
  const others = s.ask(`/events/tick?cursor=${before}&symbols=TSLA&wait=20`, 0);
  const soon = s.ask(`/events/tick?cursor=${before}&wait=10`, 0);
  await s.clock.advance(50);
  await s.rig.writer.append("tick", trades(1));
  // Answered: from now on the next flush is a second away.
  await s.clock.advance(50);
  const { cursor } = await soon;
  const asked = s.ask(`/events/tick?cursor=${cursor}&wait=10`, 0);
  for (let n = 0; n < 6; n++) {
    await s.rig.writer.append("tick", trades(500));
    await s.clock.advance(50);
  }
  await s.clock.advance(1500);
  let answer = await asked;
  assertEquals(answer.gap !== null, true);
  let [events, lost] = [0, 0];
  for (let n = 0; n < 10 && events + lost < 3000; n++) {
    for (const event of answer.events) events += Number(Reflect.get(event, "n") ?? 1);
    lost += Number(answer.gap?.lost ?? 0);
    answer = await s.ask(`/events/tick?cursor=${answer.cursor}`);
  }
  assertEquals([events + lost, events >= 1000], [3000, true], `${events} and ${lost}`);
  await s.clock.advance(20_000);
  await others;
});

pure("what is counted as sent is what polls were answered with, each event once", async () => {
  await using s = pollScene();
  const { counters } = s.rig.edge;
  await s.rig.writer.append("tick", [...trades(3), aGap(), ...trades(2)]);
  const first = await s.ask("/events/tick?cursor=earliest");
  const second = await s.ask(`/events/tick?cursor=${first.cursor}`);
  assertEquals([counters.eventsSent, counters.gaps.get("overflow")], [5, 1]);
  const waits = [1, 2, 3].map(() => s.ask(`/events/tick?cursor=${second.cursor}&wait=10`, 0));
  await s.clock.advance(100);
  await s.rig.writer.append("tick", trades(4));
  await s.clock.advance(100);
  await Promise.all(waits);
  assertEquals([counters.eventsSent, counters.messagesSent, counters.accepted.poll], [17, 5, 5]);
});

pure(
  "a poll that has its answer already is sent nothing, and one that leaves is waited for no longer",
  async () => {
    await using s = pollScene();
    const { counters } = s.rig.edge;
    await s.rig.writer.append("tick", trades(3));
    const ask = async (path: string, init: RequestInit) => {
      const asked = Promise.resolve(s.rig.edge.fetch(new Request(`http://edge${path}`, init)));
      await s.clock.advance(100);
      const response = await asked;
      return { response, text: await response.text() };
    };
    const { response, text } = await ask("/events/tick?cursor=earliest", {});
    const headers = { "if-none-match": response.headers.get("etag") ?? "" };
    assertEquals((await ask("/events/tick?cursor=earliest", { headers })).response.status, 304);
    assertEquals([counters.eventsSent, counters.messagesSent], [3, 2]);
    const leaving = new AbortController();
    const { cursor } = JSON.parse(text);
    const waiting = s.rig.edge.fetch(
      new Request(`http://edge/events/tick?cursor=${cursor}&wait=20`, { signal: leaving.signal }),
    );
    await s.clock.advance(100);
    assertEquals(counters.active.poll, 1);
    leaving.abort();
    await waiting;
    assertEquals(counters.active.poll, 0);
    await s.rig.writer.append("tick", trades(1));
    await s.clock.advance(100);
    assertEquals(counters.eventsSent, 3);
  },
);
