import { assert, assertEquals, assertThrows } from "@std/assert";
import { UrlMemo } from "../../../src/edge/deliver/url_memo.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("a URL is read once while its reading lasts, and every time where it does not", () => {
  const memo = new UrlMemo<string>((reading) => reading !== "mine alone");
  let reads = 0;
  const read = (reading: string) => () => {
    reads++;
    return reading;
  };
  assertEquals(memo.of("/a", read("ours")), "ours");
  assertEquals([memo.of("/a", read("another")), reads], ["ours", 1]);
  for (let n = 0; n < 3; n++) memo.of("/b", read("mine alone"));
  assertEquals(reads, 4);
});

pure("a URL that can't be read is read again", () => {
  const memo = new UrlMemo<number>(() => true);
  assertThrows(() =>
    memo.of("/a", () => {
      throw new TypeError("no");
    }), TypeError);
  assertEquals(memo.of("/a", () => 1), 1);
});

pure("however many URLs come, few are remembered, and none that is long", () => {
  const memo = new UrlMemo<number>(() => true);
  let reads = 0;
  const read = () => ++reads;
  for (let n = 0; n < 10_000; n++) memo.of(`/${n}`, read);
  for (let n = 0; n < 10_000; n++) memo.of(`/${n}`, read);
  assert(reads > 15_000, `${reads} reads`);
  reads = 0;
  const long = `/${"x".repeat(600)}`;
  assertEquals([memo.of(long, read), memo.of(long, read)], [1, 2]);
});
