/** Snapshots of one moment, shared by those who ask the same, and what of them is kept. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { SNAPSHOTS_KEPT_MAX_BYTES, SnapshotShare } from "../../../src/edge/deliver/snapshot_share.ts";
import { type SymbolPatterns, symbolPatterns } from "../../../src/feed/symbol.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const ALL = symbolPatterns(["*"]);
const named = (...names: string[]): SymbolPatterns => symbolPatterns(names);

/** A feed of 200 events of 20 kB, at an end that a test moves. */
class AFeed {
  readonly log = { end: 1 };
  asked = 0;
  isLoaded = true;
  readonly latest = {
    texts: (_patterns: SymbolPatterns): string[] | undefined => {
      this.asked++;
      if (!this.isLoaded) return undefined;
      const { end } = this.log;
      return Array.from({ length: 200 }, (_, n) => `{"id":${n},"end":${end},"pad":"${"x".repeat(20_000)}"}`);
    },
  };
}

const takeAll = (share: SnapshotShare, feed: AFeed, patterns = ALL, fields?: ReadonlySet<string>) =>
  [...share.of(feed, patterns, fields)?.all() ?? []].map(({ events }) => events);

pure("whoever asks the same at the same moment shares one snapshot, however it is written", () => {
  const share = new SnapshotShare();
  const feed = new AFeed();
  const first = share.of(feed, named("A", "B"), new Set(["end", "pad"]));
  for (let n = 0; n < 10; n++) {
    assertStrictEquals(share.of(feed, named("B", "A"), new Set(["pad", "end"])), first);
  }
  assertEquals(feed.asked, 1);
});

pure("another stream, other symbols, other fields and another moment are other snapshots", () => {
  const share = new SnapshotShare();
  const feed = new AFeed();
  const first = share.of(feed, named("A"), undefined);
  assert(share.of(new AFeed(), named("A"), undefined) !== first);
  assert(share.of(feed, named("B"), undefined) !== first);
  assert(share.of(feed, named("A"), new Set(["A"])) !== first);
  assertStrictEquals(share.of(feed, named("A"), undefined), first);
  feed.log.end++;
  assert(share.of(feed, named("A"), undefined) !== first);
});

pure("fields are cut as the part they stand in is taken", () => {
  const share = new SnapshotShare();
  assertEquals(
    takeAll(share, new AFeed(), ALL, new Set(["end"]))[0]?.slice(0, 33),
    '{"id":0,"end":1},{"id":1,"end":1}',
  );
});

pure("nothing is kept of a stream whose latest events have to be read first", () => {
  const share = new SnapshotShare();
  const feed = new AFeed();
  feed.isLoaded = false;
  assertEquals([share.of(feed, ALL, undefined), share.bytes], [undefined, 0]);
  feed.isLoaded = true;
  assertEquals(takeAll(share, feed).length, 67);
});

pure("who began at an earlier moment is still given that moment's events", () => {
  const share = new SnapshotShare();
  const feed = new AFeed();
  const slow = share.of(feed, ALL, undefined);
  const quick = takeAll(share, feed);
  for (let n = 0; n < 5; n++) {
    feed.log.end++;
    takeAll(share, feed);
  }
  assertEquals([...slow?.all() ?? []].map(({ events }) => events), quick);
});

pure("whatever is asked, at whatever moments and of however many streams, bounded bytes are kept", () => {
  const share = new SnapshotShare();
  const feeds = [new AFeed(), new AFeed()];
  for (let n = 0; n < 20; n++) {
    for (const feed of feeds) {
      if (n > 10) feed.log.end++;
      takeAll(share, feed, named(`S${n}`), n % 2 === 0 ? new Set(["pad", `f${n}`]) : undefined);
      assert(share.bytes <= SNAPSHOTS_KEPT_MAX_BYTES, `${share.bytes} bytes`);
    }
  }
  assert(share.bytes > SNAPSHOTS_KEPT_MAX_BYTES / 2, "room is used");
});

pure(
  "snapshots of a moment that nobody can ask for any more are kept no longer than until the next ask",
  () => {
    const share = new SnapshotShare();
    const feed = new AFeed();
    const other = new AFeed();
    share.of(other, ALL, undefined);
    const alone = share.bytes;
    for (let n = 0; n < 50; n++) share.of(feed, named(`S${n}`), undefined);
    const many = share.bytes;
    feed.log.end++;
    share.of(feed, ALL, undefined);
    assert(many > 45 * alone, `${many} bytes`);
    assert(share.bytes < 3 * alone, `${share.bytes} bytes`);
  },
);

pure("those who began together share the parts to come, also when their moment is over", () => {
  const share = new SnapshotShare();
  const feed = new AFeed();
  const first = share.of(feed, ALL, undefined);
  const second = share.of(feed, ALL, undefined);
  assert(first !== undefined && second !== undefined);
  first.part(0);
  feed.log.end++;
  takeAll(share, feed, named("A"));
  for (const n of [0, 1, 2]) assertStrictEquals(first.part(n), second.part(n));
  assertEquals(first.part(2)?.events.includes('"end":1,'), true);
});
