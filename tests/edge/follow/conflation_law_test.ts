/** Merging loses nothing of OHLCV: folding merged bars gives what folding all of them gives, wherever frames are cut. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Conflator } from "../../../src/edge/follow/conflation.ts";
import { eventRecord } from "../log_factory.ts";
import { type SceneClient, sessionScene } from "../session_scene.ts";
import { assertSameFold, type Bar, loners, seriesOf, shapes } from "./bar_series.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

/** What a conflator makes of a series that is cut at these places. */
function conflated(series: readonly Bar[], cuts: readonly number[]): Bar[] {
  const alone = loners(series);
  const records = series.map((bar, n) =>
    eventRecord(bar, n + 1, { late: alone.has(bar) && !("rev" in bar) && !("synthetic" in bar) })
  );
  const ends = [...cuts.filter((cut) => cut < series.length).sort((a, b) => a - b), series.length];
  return ends.flatMap((end, n) => {
    const conflator = new Conflator(false);
    for (const record of records.slice(ends[n - 1] ?? 0, end)) conflator.add(record);
    return conflator.finish().texts.map((text): Bar => JSON.parse(text));
  });
}

for (const type of ["second", "minute"] as const) {
  pure(`fold(conflated ${type} bars) = fold(raw ${type} bars) for any cut`, () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.nat(40)), (all, cuts) => {
        const series = seriesOf(type, all);
        assertSameFold(conflated(series, cuts), series);
      }),
      { numRuns: 500 },
    );
  });
}

const barsOf = (client: SceneClient): Bar[] =>
  client.of("events").flatMap(({ events }) => Array.isArray(events) ? events : []);

/** How long each bar waits for the next, and whether the client reads meanwhile: where its frames are cut. */
const waits = fc.array(fc.record({ ms: fc.constantFrom(0, 0, 10, 30, 150), reads: fc.boolean() }), {
  minLength: 40,
  maxLength: 40,
});

for (const [type, stream] of [["second", "tick"], ["minute", "minute"]] as const) {
  pure(`fold(what a follower of latest got) = fold(raw ${type} bars), however it reads`, async () => {
    let merged = 0;
    await fc.assert(
      fc.asyncProperty(shapes, waits, async (all, pace) => {
        const series = seriesOf(type, all);
        await using s = sessionScene({ settings: { slowConsumerTimeoutMs: 60_000 } });
        const [latest, every] = [s.client("premium", [stream]), s.client("premium", [stream])];
        latest.say({ action: "subscribe", symbols: ["*"], mode: "latest" });
        every.say({ action: "subscribe", symbols: ["*"] });
        await s.clock.advance(200);
        for (const [n, bar] of series.entries()) {
          await s.rig.writer.append(stream, [bar]);
          latest.socket.isStalled = !pace[n]?.reads;
          if (pace[n]?.reads) latest.socket.drain();
          await s.clock.advance(pace[n]?.ms ?? 0);
        }
        latest.socket.isStalled = false;
        latest.socket.drain();
        await s.clock.advance(1000);
        assertEquals(barsOf(every).map(({ id: _id, ...bar }) => bar), [...series]);
        assertSameFold(barsOf(latest), series);
        const seqs = latest.ids().map((id) => Number(id.split("-")[1]));
        assertEquals(seqs, [...new Set(seqs)].sort((a, b) => a - b));
        merged += series.length - latest.ids().length;
      }),
      { numRuns: 60 },
    );
    assert(merged > 100, `only ${merged} bars were merged`);
  });
}
