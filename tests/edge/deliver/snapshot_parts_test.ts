/** Snapshots cut as they are asked for: what isn't taken isn't made, and whoever comes later gets the same. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  PART_MAX_BYTES,
  type SnapshotPart,
  SnapshotParts,
} from "../../../src/edge/deliver/snapshot_parts.ts";
import { snapshotPart } from "../../../src/edge/deliver/server_messages.ts";
import { Shelf } from "../../../src/edge/deliver/snapshot_shelf.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Events of about 10 kB, six to a part. */
const texts = (count: number, bytes = 10_000): string[] =>
  Array.from({ length: count }, (_, n) => JSON.stringify({ id: n, pad: "x".repeat(bytes) }));

function aSnapshot(of: readonly string[], shelfBytes = 1e6) {
  const shaped: string[] = [];
  const shelf = new Shelf<SnapshotPart>(shelfBytes);
  const shape = (text: string): string => {
    shaped.push(text);
    return text;
  };
  return { shaped, shelf, parts: new SnapshotParts(of, shape, shelf, "1") };
}

const bodies = (parts: SnapshotParts): string[] => [...parts.all()].map(({ events }) => events);

pure("parts joined are every event once and in order, the last alone says so", () => {
  const of = texts(40);
  const all = [...aSnapshot(of).parts.all()];
  assertEquals(all.map(({ events }) => events).join(","), of.join(","));
  assertEquals(all.map(({ isLast }) => isLast), [false, false, false, false, false, false, true]);
});

pure("a part with the message around it is at most 64 000 bytes, unless it is one larger event", () => {
  const huge = JSON.stringify({ id: "huge", pad: "x".repeat(70_000) });
  const of = [...texts(3000, 50), huge, ...texts(3000, 311)];
  const all = [...aSnapshot(of).parts.all()];
  for (const { events, isLast } of all) {
    const bytes = snapshotPart("tick", "tick:k3f9a0b1-123456789", `[${events}]`, isLast).json.length;
    assert(bytes <= PART_MAX_BYTES || events === huge, `${bytes} bytes`);
  }
  assert(all.some(({ events }) => events === huge));
  assertEquals(all.map(({ events }) => events).join(","), of.join(","));
});

pure("a snapshot of nothing is one empty part", () => {
  assertEquals([...aSnapshot([]).parts.all()], [{ events: "", isLast: true }]);
});

pure(
  "what isn't taken isn't made: a part costs what stands in it, and nothing before it is asked for",
  () => {
    const { parts, shaped, shelf } = aSnapshot(texts(600));
    assertEquals([shaped.length, shelf.bytes], [0, 0]);
    parts.part(0);
    parts.part(1);
    // Six each, and of each the first that did not fit.
    assertEquals(shaped.length, 14);
    assert(shelf.bytes < 2 * PART_MAX_BYTES + 1000, `${shelf.bytes} bytes`);
  },
);

pure("a hundred who take the same snapshot cost the work of one", () => {
  const of = texts(40);
  const { parts, shaped } = aSnapshot(of);
  const alone = bodies(parts);
  const once = shaped.length;
  assertEquals(once, of.length + alone.length - 1);
  for (let n = 1; n < 100; n++) assertEquals(bodies(parts), alone);
  assertEquals(shaped.length, once);
});

pure("who takes a part after it was forgotten gets the same bytes", () => {
  const of = texts(40);
  const expected = bodies(aSnapshot(of).parts);
  const { parts, shelf } = aSnapshot(of, 130_000);
  assertEquals(bodies(parts), expected);
  for (const n of [6, 0, 3, 3, 1, 5, 2, 4]) {
    assertEquals(parts.part(n)?.events, expected[n]);
    assert(shelf.bytes <= 130_000);
  }
});

pure("there is a part to come until the last was taken", () => {
  const { parts } = aSnapshot(texts(8));
  assertEquals([parts.has(0), parts.has(1)], [true, false]);
  parts.part(0);
  assertEquals([parts.has(0), parts.has(1)], [true, true]);
  parts.part(1);
  assertEquals([parts.has(1), parts.has(2), parts.part(2)], [true, false, undefined]);
});

pure("whole events are joined again for the second who asks, and once for all after it", () => {
  const shelf = new Shelf<SnapshotPart>(1e6);
  const of = texts(40);
  const parts = new SnapshotParts(of, undefined, shelf, "1");
  assertEquals([bodies(parts).join(","), shelf.bytes], [of.join(","), 0]);
  parts.share();
  const second = [...parts.all()];
  assert(shelf.bytes > 400_000, `${shelf.bytes} bytes`);
  parts.share();
  for (const [n, part] of [...parts.all()].entries()) assertStrictEquals(part, second[n]);
});
