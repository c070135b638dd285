/** `max_hz` as a URL says it: frames come no more often, nothing is lost by it, over every transport. */
import { assert, assertEquals } from "@std/assert";
import { UrlDefaults } from "../../../src/edge/deliver/url_defaults.ts";
import { socketHandlers } from "../../../src/edge/deliver/websocket_transport.ts";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { aTrade } from "../../support/event_factory.ts";
import { FakeSocket } from "../fake_socket.ts";
import { type HttpScene, httpScene, idsOf } from "../http_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const SPAN_MS = 10_000;
const EVERY_MS = 50;
/** An answer is seen so much later than it is given, at most. */
const SEEN_LATE_MS = 25;
const EVENTS = SPAN_MS / EVERY_MS;

/** A socket that said nothing but its URL. */
function socketOf({ rig: { edge } }: HttpScene, query: string): FakeSocket {
  const socket = new FakeSocket();
  const defaults = new UrlDefaults(edge.core).of(`http://edge/ws/tick?${query}`, "tick");
  socketHandlers(edge.core, edge.hub, socket, anonymous("premium"), defaults).onOpen();
  return socket;
}

/** An event every 50 ms for 10 s; gives when `count` had grown, ms since the first, and the ids of all. */
async function run(s: HttpScene, count: () => number) {
  const grownMs: number[] = [];
  let had = count();
  for (let n = 0; n < EVENTS; n++) {
    await s.append("tick", [aTrade({ tid: `${n}` })]);
    for (let ms = 0; ms < EVERY_MS; ms += 10) {
      await s.clock.advance(10);
      if (count() === had) continue;
      assertEquals(count(), had + 1, "two frames within 10 ms");
      had = count();
      grownMs.push(s.clock.monotonic());
    }
  }
  return { grownMs, epoch: s.rig.writer.heads.get("tick")?.epoch };
}

/** Frames a `max_hz` allows, no nearer to each other than it says, and about as many as there may be. */
function assertPaced(grownMs: readonly number[], hz: number): void {
  const apartMs = grownMs.slice(1).map((at, n) => at - (grownMs[n] ?? 0));
  assert(apartMs.every((ms) => ms >= 1000 / hz - SEEN_LATE_MS), `${apartMs}`);
  const wanted = SPAN_MS / 1000 * hz;
  assert(Math.abs(grownMs.length - wanted) <= 1, `${grownMs.length} frames instead of ${wanted}`);
}

const framesOf = ({ read }: FakeSocket) => read.filter(({ type }) => type === "events").length;

for (const hz of [0.5, 2, 5]) {
  pure(
    `a socket whose URL says max_hz=${hz} gets every event in frames no more often, and is told so`,
    async () => {
      await using s = httpScene();
      const socket = socketOf(s, `symbols=*&max_hz=${hz}`);
      await s.clock.advance(50);
      const { grownMs, epoch } = await run(s, () => framesOf(socket));
      await s.clock.advance(2_500);
      assertPaced(grownMs, hz);
      assertEquals(idsOf(socket), Array.from({ length: EVENTS }, (_, n) => `${epoch}-${n + 1}`));
      const [told] = socket.read.filter(({ type }) => type === "subscribed");
      assertEquals(told?.subscriptions, [
        { stream: "tick", symbols: ["*"], mode: "all", max_hz: hz, fields: null },
      ]);
    },
  );

  pure(`an event stream whose URL says max_hz=${hz} gets every event in blocks no more often`, async () => {
    await using s = httpScene();
    const stream = await s.stream(`/sse/tick?max_hz=${hz}`);
    const count = () => stream.blocks().filter((block) => block.includes("\ndata: [")).length;
    const { grownMs, epoch } = await run(s, count);
    await s.clock.advance(2_500);
    assertPaced(grownMs, hz);
    assertEquals(stream.ids(), Array.from({ length: EVENTS }, (_, n) => `${epoch}-${n + 1}`));
    await stream.leave();
  });
}

/** Polls and waits, over and over, while {@link run} lasts. */
async function pollOn(s: HttpScene, query: string) {
  let { cursor } = await s.poll("/events/tick");
  const ids: string[] = [];
  let answers = 0;
  let isOver = false;
  const polling = (async () => {
    while (!isOver) {
      const answer = JSON.parse((await s.get(`/events/tick?cursor=${cursor}&wait=20&${query}`, {}, 0)).text);
      cursor = answer.cursor;
      ids.push(...answer.events.map(({ id }: { readonly id: string }) => id));
      answers++;
    }
  })();
  const { grownMs, epoch } = await run(s, () => answers);
  isOver = true;
  await s.clock.advance(25_000);
  await polling;
  assertEquals(ids, Array.from({ length: EVENTS }, (_, n) => `${epoch}-${n + 1}`));
  return grownMs;
}

for (const hz of [0.5, 2, 5]) {
  pure(`polls that wait with max_hz=${hz} get every event once, in answers no more often`, async () => {
    await using s = httpScene();
    assertPaced(await pollOn(s, `max_hz=${hz}`), hz);
  });
}

pure("beside a follower of that pace polls that wait are answered with its flushes", async () => {
  await using s = httpScene();
  const stream = await s.stream("/sse/tick?max_hz=2");
  assertPaced(await pollOn(s, "max_hz=2"), 2);
  assertEquals(stream.ids().length, EVENTS);
  await stream.leave();
});

pure("a max_hz that is none is refused by each transport in its own way", async () => {
  await using s = httpScene();
  for (const text of ["0", "-1", "1e9", "NaN", "often"]) {
    const socket = socketOf(s, `symbols=*&max_hz=${text}`);
    await s.clock.advance(50);
    const told = socket.read.map(({ type, code }) => [type, code]);
    assertEquals(
      [told, socket.closeCode],
      [[["hello", undefined], ["error", "BAD_REQUEST"]], undefined],
      text,
    );
    for (const path of ["/sse/tick", "/events/tick"]) {
      const answer = await s.get(`${path}?max_hz=${text}`);
      assertEquals(
        [answer.status, JSON.parse(answer.text).error.code],
        [400, "BAD_REQUEST"],
        `${path} ${text}`,
      );
    }
  }
});
