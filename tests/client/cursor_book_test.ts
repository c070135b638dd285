import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CursorBook, isUpTo, LISTS_MAX } from "../../src/client/cursor_book.ts";

/** The slow, obvious order of ids. */
function isAfter(a: string, b: string): boolean {
  const [epochA = "", seqA] = a.replace(/^\d+\./, "").split("-");
  const [epochB = "", seqB] = b.replace(/^\d+\./, "").split("-");
  return epochA === epochB ? Number(seqA) > Number(seqB) : epochA > epochB;
}

Deno.test({
  name: "an id is up to another of its own epoch only",
  permissions: "none",
  fn() {
    assert(isUpTo("aaaaaaaa-3", "aaaaaaaa-3") && isUpTo("1.aaaaaaaa-2", "aaaaaaaa-3"));
    assert(
      !isUpTo("aaaaaaaa-4", "aaaaaaaa-3") && !isUpTo("bbbbbbbb-1", "aaaaaaaa-3") &&
        !isUpTo("x", "aaaaaaaa-3"),
    );
  },
});

Deno.test({
  name: "the book keeps one position per list and gives the part that streams ask for",
  permissions: "none",
  fn() {
    const book = new CursorBook("tick.0:aaaaaaaa-3,tick.1:aaaaaaaa-9,minute:bbbbbbbb-2");
    book.take("tick.1:aaaaaaaa-12");
    assertEquals(book.of(["tick"]), "tick.0:aaaaaaaa-3,tick.1:aaaaaaaa-12");
    assertEquals(book.of(["minute"]), "minute:bbbbbbbb-2");
    assertEquals(book.of(["fmv"]), "");
    assertEquals(book.of(), "tick.0:aaaaaaaa-3,tick.1:aaaaaaaa-12,minute:bbbbbbbb-2");
  },
});

Deno.test({
  name: "garbage in a cursor is left out and the rest is kept",
  permissions: "none",
  fn() {
    const book = new CursorBook(
      ",:,tick,tick:,tick:x,minute:aaaaaaaa-1,fmv:aaaaaaaa--1,fmv:aaaaaaaa-9007199254740993,fmv:aaaaaaaa-0x1," +
        "fmv:aaaaaaaa-1e3,fmv:aaaaaaaa- 1,fmv:a-1,FMV:aaaaaaaa-1,__proto__:aaaaaaaa-1,fmv:aaaaaaaa-01",
    );
    assertEquals(book.of(), "minute:aaaaaaaa-1");
  },
});

Deno.test({
  name: "whatever order and repetition ids come in, each list's news is strictly rising",
  permissions: "none",
  fn() {
    const id = fc.tuple(fc.constantFrom("", "0.", "1."), fc.constantFrom("aaaaaaaa", "bbbbbbbb"), fc.nat(30))
      .map(([list, epoch, seq]) => `${list}${epoch}-${seq}`);
    fc.assert(fc.property(fc.array(id, { maxLength: 80 }), (ids) => {
      const book = new CursorBook();
      const news = new Map<string, string>();
      for (const each of ids) {
        const list = each.includes(".") ? each.slice(0, 1) : "";
        const before = news.get(list);
        const isNews = book.isNews("tick", each);
        assertEquals(isNews, before === undefined || isAfter(each, before));
        if (isNews) news.set(list, each);
      }
    }));
  },
});

Deno.test({
  name: "only once it is told that a list began anew are ids of it news again, and only of that list",
  permissions: "none",
  fn() {
    const book = new CursorBook();
    for (const id of ["bbbbbbbb-5", "1.bbbbbbbb-5"]) assert(book.isNews("tick", id));
    // A cursor that goes back is no reason to believe events seen before.
    book.take("tick:aaaaaaaa-0");
    assert(!book.isNews("tick", "aaaaaaaa-1"));
    book.restart("tick", { after: "bbbbbbbb-5", before: "aaaaaaaa-1", cursor: "tick:aaaaaaaa-0" });
    assert(book.isNews("tick", "aaaaaaaa-1"));
    assert(!book.isNews("tick", "1.aaaaaaaa-1"));
    book.restart("tick", { after: "1.bbbbbbbb-5", before: "1.aaaaaaaa-1" });
    assert(book.isNews("tick", "1.aaaaaaaa-1"));
    book.restart("tick", { before: "nonsense" });
    assert(book.isNews("tick", "aaaaaaaa-1") && book.isNews("tick", "1.aaaaaaaa-1"));
  },
});

Deno.test({
  name: "told again of the same new beginning, what has come since is no news; under the same ids it is",
  permissions: "none",
  fn() {
    const book = new CursorBook();
    const anew = { after: "bbbbbbbb-5", before: "aaaaaaaa-1" };
    assert(book.isNews("tick", "bbbbbbbb-5"));
    book.restart("tick", anew);
    assert(book.isNews("tick", "aaaaaaaa-1"));
    book.restart("tick", anew);
    assert(!book.isNews("tick", "aaaaaaaa-1") && book.isNews("tick", "aaaaaaaa-2"));
    book.restart("tick", { after: "aaaaaaaa-2", before: "aaaaaaaa-1" });
    assert(book.isNews("tick", "aaaaaaaa-1"));
  },
});

Deno.test({
  name: "lists that a stream has no more are forgotten when it is told where it stands now",
  permissions: "none",
  fn() {
    const book = new CursorBook("tick.0:aaaaaaaa-5,tick.1:aaaaaaaa-9,minute:aaaaaaaa-2");
    book.restart("tick", { before: "bbbbbbbb-1", cursor: "tick:bbbbbbbb-0" });
    assertEquals(book.of(), "minute:aaaaaaaa-2,tick:bbbbbbbb-0");
  },
});

Deno.test({
  name: "what is still on its way when a stream is dropped doesn't say where the next subscription begins",
  permissions: "none",
  fn() {
    const book = new CursorBook("tick:aaaaaaaa-5,minute:aaaaaaaa-2");
    book.drop("tick");
    book.take("tick:aaaaaaaa-6,minute:aaaaaaaa-3");
    assertEquals(book.of(), "minute:aaaaaaaa-3");
    book.resume(["tick"]);
    assertEquals(book.of(["tick"]), "");
    book.take("tick:aaaaaaaa-9");
    assertEquals(book.of(["tick"]), "tick:aaaaaaaa-9");
  },
});

Deno.test({
  name:
    "asked for in one request with others, a stream that is to begin at the earliest begins after nothing",
  permissions: "none",
  fn() {
    const book = new CursorBook("tick:aaaaaaaa-5");
    book.resume(["minute"], "earliest");
    assertEquals(book.of(["minute"]), "earliest");
    assertEquals(book.of(["tick", "minute"]), "minute:0-0,tick:aaaaaaaa-5");
  },
});

Deno.test({
  name: "a new subscription begins where it was told to, unless the stream already stands somewhere",
  permissions: "none",
  fn() {
    const book = new CursorBook("tick:aaaaaaaa-7");
    book.resume(["tick", "minute"], "tick:aaaaaaaa-1,minute:aaaaaaaa-2,fmv:aaaaaaaa-3");
    assertEquals(book.of(), "tick:aaaaaaaa-7,minute:aaaaaaaa-2");
    book.resume(["signal"], "earliest");
    assertEquals(book.of(["signal"]), "earliest");
    book.take("signal:aaaaaaaa-4");
    assertEquals(book.of(["signal"]), "signal:aaaaaaaa-4");
    book.drop("signal");
    assertEquals(book.of(["signal"]), "");
  },
});

Deno.test({
  name: "a hostile server can't make the book grow without end",
  permissions: "none",
  fn() {
    const book = new CursorBook();
    for (let n = 0; n < LISTS_MAX * 3; n++) {
      book.take(`tick.${n}:aaaaaaaa-1`);
      book.isNews(`s${n}`, "aaaaaaaa-1");
    }
    assertEquals(book.of().split(",").length, LISTS_MAX);
  },
});
