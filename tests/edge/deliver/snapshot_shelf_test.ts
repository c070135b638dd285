/** What is kept of snapshots stays within its bytes. */
import { assert, assertEquals } from "@std/assert";
import { ENTRY_BYTES, Shelf } from "../../../src/edge/deliver/snapshot_shelf.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Keys of one character, values of 100 bytes; room for three. */
const ONE_BYTES = 100 + 1 + ENTRY_BYTES;
const keys = (shelf: Shelf<string>, of: string): string =>
  [...of].filter((key) => shelf.get(key) !== undefined).join("");

pure("a shelf never holds more bytes than it may, however much is kept", () => {
  const shelf = new Shelf<string>(3 * ONE_BYTES);
  for (let n = 0; n < 1000; n++) {
    shelf.keep(String(n), "x", 1 + n % 200);
    assert(shelf.bytes <= 3 * ONE_BYTES, `${shelf.bytes} bytes after ${n}`);
  }
  assert(shelf.bytes > ONE_BYTES, "room is used");
});

pure("what was used least lately goes first", () => {
  const shelf = new Shelf<string>(3 * ONE_BYTES);
  for (const key of "abc") shelf.keep(key, key, 100);
  assertEquals(shelf.get("a"), "a");
  shelf.keep("d", "d", 100);
  assertEquals([keys(shelf, "abcd"), shelf.bytes], ["acd", 3 * ONE_BYTES]);
});

pure("what is larger than a whole shelf isn't kept, and drives nothing out", () => {
  const shelf = new Shelf<string>(3 * ONE_BYTES);
  for (const key of "abc") shelf.keep(key, key, 100);
  shelf.keep("d", "d", 3 * ONE_BYTES);
  assertEquals(keys(shelf, "abcd"), "abc");
});

pure("what takes the place of another is counted once", () => {
  const shelf = new Shelf<string>(3 * ONE_BYTES);
  for (let n = 0; n < 10; n++) shelf.keep("a", `${n}`, 100);
  assertEquals([shelf.get("a"), shelf.bytes], ["9", ONE_BYTES]);
});

pure("what is forgotten by its beginning gives its bytes back, and nothing else goes", () => {
  const shelf = new Shelf<string>(1e6);
  for (const key of ["1 a", "1 b", "11 a", "2 a"]) shelf.keep(key, key, 100);
  shelf.forget("1 ");
  assertEquals([shelf.get("1 a"), shelf.get("1 b"), shelf.get("11 a"), shelf.get("2 a")], [
    undefined,
    undefined,
    "11 a",
    "2 a",
  ]);
  assertEquals(shelf.bytes, 207 + 2 * ENTRY_BYTES);
});
