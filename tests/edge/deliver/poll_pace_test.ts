/** Polls are given news no more often than a socket of their tier and `max_hz`, and lose nothing by it. */
import { assert, assertEquals } from "@std/assert";
import { PollPace } from "../../../src/edge/deliver/poll_pace.ts";
import { aTrade } from "../../support/event_factory.ts";
import { splitTicks } from "../split_plan.ts";
import { type HttpScene, httpScene } from "../http_scene.ts";
import type { PollAnswer } from "../test_clients.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const SPAN_MS = 5_000;
const EVERY_MS = 10;

/** Asks every 10 ms for 5 s, an event each time, and once more when all pauses are over; gives the answers that had events. */
async function askOften(s: HttpScene, query: string): Promise<readonly PollAnswer[]> {
  const answers: PollAnswer[] = [];
  let { cursor } = await s.poll("/events/tick?cursor=earliest");
  const ask = async (passMs: number) => {
    const answer = await s.poll(`/events/tick?cursor=${cursor}${query}`, passMs);
    cursor = answer.cursor;
    if (answer.events.length > 0) answers.push(answer);
  };
  for (let ms = 0; ms < SPAN_MS; ms += EVERY_MS) {
    await s.append("tick", [aTrade({ tid: String(ms) })]);
    await ask(EVERY_MS);
  }
  await s.clock.advance(2_000);
  await ask(0);
  return answers;
}

const WRITTEN = SPAN_MS / EVERY_MS;
/** An answer that ends with a window leaves the rest of what may be seen to the next. */
const WINDOWS = WRITTEN / 100;
const standsFor = (answers: readonly PollAnswer[]) =>
  answers.flatMap(({ events }) => events).reduce((sum, { n }) => sum + (n ?? 1), 0);

for (const [tier, perSecond] of [["standard", 10], ["free", 1]] as const) {
  pure(
    `who asks all the time in tier ${tier} is told news ${perSecond} times a second, of every event`,
    async () => {
      await using s = httpScene({ settings: { defaultTier: tier } });
      const answers = await askOften(s, "");
      const turns = SPAN_MS / 1000 * perSecond;
      assert(answers.length >= turns * 0.8, `${answers.length}`);
      assert(answers.length <= turns + 1 + WINDOWS, `${answers.length} of at most ${turns + 1 + WINDOWS}`);
      assertEquals(standsFor(answers), WRITTEN);
    },
  );
}

pure(
  "who asks all the time with a max_hz is told news no more often, and premium without one each time",
  async () => {
    await using s = httpScene();
    const slow = await askOften(s, "&max_hz=2");
    assert(slow.length <= 11 + WINDOWS && slow.length >= 9, `${slow.length}`);
    assertEquals(new Set(slow.flatMap(({ events }) => events.map(({ id }) => id))).size, WRITTEN);
    await using other = httpScene();
    assert((await askOften(other, "")).length > 200);
  },
);

pure("who catches up is answered as fast as it asks, up to where its pace may see", async () => {
  await using s = httpScene();
  await s.poll("/events/tick");
  await s.append("tick", Array.from({ length: 450 }, (_, n) => aTrade({ tid: String(n) })));
  await s.clock.advance(100);
  const ask = (cursor: string) => s.poll(`/events/tick?cursor=${cursor}&max_hz=0.1&fields=sym`, 0);
  const first = await ask("earliest");
  const [id] = first.events;
  const again = await ask(`tick:${String(id?.id).replace(/\d+$/, "200")}`);
  const rest = await ask(first.cursor);
  assertEquals([first, again, rest].map(({ events }) => events.length), [400, 200, 50]);
  await s.append("tick", [aTrade({ tid: "more" })]);
  await s.clock.advance(100);
  assertEquals((await ask(rest.cursor)).events, []);
  await s.clock.advance(10_000);
  assertEquals((await ask(rest.cursor)).events.length, 1);
});

pure("an event after a rest is told to a poll that waits at once, whatever its pace", async () => {
  await using s = httpScene({ settings: { defaultTier: "free" } });
  const { cursor } = await s.poll("/events/tick");
  await s.clock.advance(2_000);
  const waiting = s.get(`/events/tick?cursor=${cursor}&wait=20`, {}, 0);
  await s.append("tick", [aTrade()]);
  const before = s.clock.monotonic();
  await s.clock.advance(200);
  assertEquals(JSON.parse((await waiting).text).events.length, 1);
  assertEquals(s.clock.monotonic() - before, 200);
});

pure("who names another max_hz each time is held to its tier all the same", async () => {
  await using s = httpScene({ settings: { defaultTier: "free" } });
  let { cursor } = await s.poll("/events/tick");
  let told = 0;
  for (let n = 0; n < 100; n++) {
    await s.append("tick", [aTrade({ tid: String(n) })]);
    const answer = await s.poll(`/events/tick?cursor=${cursor}&max_hz=${(1 / (1 + n * 0.06)).toFixed(4)}`);
    if (answer.events.length > 0) told++;
    ({ cursor } = answer);
  }
  assert(told <= 12 && told > 5, `${told} in 10 s`);
});

pure("a poll that waits for its turn is answered when its stream is split otherwise", async () => {
  await using s = httpScene({ settings: { defaultTier: "free" } });
  await splitTicks(s.rig.store, 1);
  const had = await s.append("tick", [aTrade()]);
  const { cursor } = await s.poll(`/events/tick?cursor=${had.replace(/\d+$/, "0")}`);
  const { core } = s.rig.edge;
  const before = core.feeds.get("tick");
  let isAnswered = false;
  const waiting = s.get(`/events/tick?cursor=${cursor}&wait=5`, {}, 0).finally(() => isAnswered = true);
  await s.clock.advance(100);
  await splitTicks(s.rig.store, 2);
  void core.plan.ensure(0);
  await s.clock.advance(800);
  assert(core.feeds.get("tick") !== before);
  assert(isAnswered);
  await waiting;
});

pure("however many paces are asked for, few are remembered", async () => {
  await using s = httpScene();
  await s.poll("/events/tick");
  await s.append("tick", [aTrade()]);
  await s.clock.advance(100);
  const feed = s.rig.edge.core.feeds.get("tick");
  assert(feed !== undefined);
  const pace = new PollPace(s.clock);
  for (let ms = 5; ms < 5_000; ms += 5) pace.endOf(feed, { tierMs: 0, wishMs: ms });
  const held = Array.from({ length: 999 }, (_, n) => pace.dueInMs(feed, { tierMs: 0, wishMs: 5 * (n + 1) }))
    .filter((ms) => ms > 0);
  assertEquals(held.length, 256);
});
