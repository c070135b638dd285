/** What a poll's answer says about keeping it, and whom a tag answers: nothing that may change is ever kept for good. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { splitTicks } from "../split_plan.ts";
import { aGap, aTrade } from "../../support/event_factory.ts";
import { secretSettings } from "../../support/token_factory.ts";
import { type HttpScene, httpScene } from "../http_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const trades = (count: number, sym = "AAPL") =>
  Array.from({ length: count }, (_, n) => aTrade({ sym, tid: `${n}` }));

const FOREVER = "max-age=31536000, immutable";

/** Last seq of an answer, its gap's cause and what it says about keeping it. */
async function asked({ get }: HttpScene, path: string) {
  const { headers, text } = await get(path);
  const { cursor, gap } = JSON.parse(text);
  return [Number(/-(\d+)$/.exec(cursor)?.[1]), gap?.cause, headers.get("cache-control")];
}

pure("a whole window is for everybody without authentication, and for its reader alone with it", async () => {
  const reader = anonymous("premium");
  const gate = {
    admit: () => Promise.resolve({ principal: reader, headers: {} }),
    authenticate: () => Promise.resolve(reader),
  };
  for (const [authMode, whose] of [["none", "public"], ["jwt", "private"]] as const) {
    await using s = httpScene({ settings: { authMode, jwt: secretSettings }, gate });
    await s.append("tick", trades(250));
    const epoch = s.rig.writer.heads.get("tick")?.epoch;
    const path = `/events/tick?cursor=tick:${epoch}-7`;
    assertEquals(await asked(s, path), [200, undefined, `${whose}, ${FOREVER}`]);
    assertEquals(await asked(s, `/events/tick?cursor=tick:${epoch}-200`), [250, undefined, "no-cache"]);
  }
});

pure("an answer that tells a gap is asked for anew, wherever it ends", async () => {
  await using s = httpScene();
  await s.append("tick", trades(200));
  const epoch = s.rig.writer.heads.get("tick")?.epoch;
  await s.append("tick", [aGap(), ...trades(199)]);
  for (const [cursor, cause] of [[`${epoch}-200`, "overflow"], ["00000001-1", "epoch"]]) {
    const [last, told, cache] = await asked(s, `/events/tick?cursor=tick:${cursor}`);
    assertEquals([Number(last) % 100, told, cache], [0, cause, "no-cache"], cursor);
  }
});

pure("an answer that tells what was evicted is asked for anew though it ends a window", async () => {
  await using s = httpScene();
  for (let n = 0; n < 3; n++) await s.append("tick", trades(500));
  const epoch = s.rig.writer.heads.get("tick")?.epoch;
  const of = (seq: number) => `/events/tick?cursor=tick:${epoch}-${seq}`;
  assertEquals(await asked(s, of(100)), [1500, "evicted", "no-cache"]);
  assertEquals(await asked(s, of(500)), [1500, undefined, `public, ${FOREVER}`]);
});

pure("an answer over several lists is asked for anew though each of them ends a window", async () => {
  await using s = httpScene();
  await splitTicks(s.rig.store, 2);
  await s.append("tick.0", trades(100, "A"));
  await s.append("tick.1", trades(100, "B"));
  const [a, b] = [0, 1].map((list) => s.rig.writer.heads.get(`tick.${list}`)?.epoch);
  const cursors = ["earliest", `tick.0:${a}-50,tick.1:${b}-50`, `tick.0:${a}-100,tick.1:${b}-50`];
  for (const cursor of cursors) {
    const { headers, text } = await s.get(`/events/tick?cursor=${cursor}`);
    const answer = JSON.parse(text);
    assertEquals(
      [answer.cursor, answer.gap, headers.get("cache-control")],
      [`tick.0:${a}-100,tick.1:${b}-100`, null, "no-cache"],
      cursor,
    );
  }
});

pure("what a wait is answered with is asked for anew", async () => {
  await using s = httpScene();
  const cursor = await s.append("tick", trades(50));
  await s.poll("/events/tick");
  const waiting = s.get(`/events/tick?cursor=${cursor}&wait=10`, {}, 0);
  await s.clock.advance(200);
  await s.append("tick", trades(50));
  await s.clock.advance(200);
  const { headers, text } = await waiting;
  assertEquals([JSON.parse(text).events.length, headers.get("cache-control")], [50, "no-cache"]);
});

pure(
  "a tag is answered 304 while the answer is the same, and with the new answer as soon as it is not",
  async () => {
    await using s = httpScene();
    const cursor = await s.append("tick", trades(10));
    await s.append("tick", trades(20));
    await s.poll("/events/tick");
    const path = `/events/tick?cursor=${cursor}`;
    const first = await s.get(path);
    const etag = first.headers.get("etag") ?? "";
    const known = { headers: { "if-none-match": etag } };
    const same = await s.get(path, known);
    assertEquals([same.status, same.text, same.headers.get("etag")], [304, "", etag]);
    await s.append("tick", trades(5));
    await s.clock.advance(100);
    const moved = await s.get(path, known);
    assertEquals([moved.status, JSON.parse(moved.text).events.length], [200, 25]);
    assertNotEquals(moved.headers.get("etag"), etag);
    const caughtUp = await s.get(path, {
      headers: { "if-none-match": `"x", W/${moved.headers.get("etag")}` },
    });
    assertEquals(caughtUp.status, 304);
  },
);

pure("what is asked for otherwise of the same range has a tag of its own", async () => {
  await using s = httpScene();
  const cursor = await s.append("tick", trades(10));
  await s.append("tick", [...trades(3), aTrade({ sym: "MSFT" })]);
  await s.poll("/events/tick");
  const queries = ["", "&symbols=MSFT", "&symbols=AAPL", "&mode=latest", "&fields=price", "&fields=size"];
  const etags: (string | null)[] = [];
  for (const query of queries) {
    etags.push((await s.get(`/events/tick?cursor=${cursor}${query}`)).headers.get("etag"));
  }
  assertEquals(new Set(etags).size, queries.length, etags.join());
});

pure("a wait is 25 s at most, whatever is asked", async () => {
  await using s = httpScene();
  const cursor = await s.append("tick", trades(1));
  await s.poll("/events/tick");
  const answered: string[] = [];
  const waits = ["24", "25", "26", "3600", "1e300"];
  for (const wait of waits) {
    void s.get(`/events/tick?cursor=${cursor}&wait=${wait}`, {}, 0).then(({ text }) => {
      answered.push(`${wait}: ${JSON.parse(text).cursor}`);
    });
  }
  await s.clock.advance(23_950);
  assertEquals(answered, []);
  await s.clock.advance(100);
  assertEquals(answered, [`24: ${cursor}`]);
  await s.clock.advance(900);
  assertEquals(answered.length, 1);
  await s.clock.advance(100);
  assertEquals(answered, waits.map((wait) => `${wait}: ${cursor}`));
});
