import { assertAlmostEquals, assertEquals } from "@std/assert";
import { changePercent, fairDeviation, QuoteBook } from "../../../src/dashboard/live/quote_book.ts";
import { A_MONDAY, aFairValue, aMinute, aSecond, aTrade } from "../../support/event_factory.ts";

const id = "k0000001-1";

Deno.test({
  name: "a quote keeps the newest price, which way it went, and the day's extremes",
  permissions: "none",
  fn() {
    const book = new QuoteBook();
    book.tick({ ...aTrade({ t: A_MONDAY, price: 10 }), id });
    book.tick({ ...aTrade({ t: A_MONDAY + 2, price: 12 }), id });
    book.tick({ ...aTrade({ t: A_MONDAY + 1, price: 99 }), id });
    book.tick({ ...aTrade({ t: A_MONDAY + 3, price: 11 }), id });
    const quote = book.of("AAPL");
    assertEquals([quote.price, quote.direction, quote.changes, quote.dayHigh, quote.dayLow], [
      11,
      "down",
      2,
      12,
      10,
    ]);
  },
});

Deno.test({
  name: "bars bring the day's open, volume and average; without a day's open the first bar's stands in",
  permissions: "none",
  fn() {
    const book = new QuoteBook();
    const { dayOpen: _dayOpen, ...bar } = aMinute({ open: 5, close: 6, t: A_MONDAY });
    book.minute({ ...bar, id });
    assertEquals(book.of("AAPL").dayOpen, 5);
    book.tick({ ...aSecond({ t: A_MONDAY + 60_000, close: 8, dayOpen: 4, dayVolume: 7 }), id });
    const quote = book.of("AAPL");
    assertEquals([quote.dayOpen, quote.dayVolume, quote.price], [4, 7, 8]);
    assertEquals(changePercent(quote), 100);
  },
});

Deno.test({
  name: "fair value is held against the price, and an older one doesn't replace a newer",
  permissions: "none",
  fn() {
    const book = new QuoteBook();
    assertEquals(fairDeviation(book.of("AAPL")), undefined);
    book.tick({ ...aTrade({ price: 100 }), id });
    book.fair({ ...aFairValue({ t: 5, fmv: 101 }), id });
    book.fair({ ...aFairValue({ t: 4, fmv: 1 }), id });
    assertAlmostEquals(fairDeviation(book.of("AAPL")) ?? 0, 1, 1e-9);
  },
});

Deno.test({
  name: "what changed is given once",
  permissions: "none",
  fn() {
    const book = new QuoteBook();
    book.tick({ ...aTrade({ sym: "A" }), id });
    book.tick({ ...aTrade({ sym: "B" }), id });
    assertEquals([...book.takeChanged()], ["A", "B"]);
    assertEquals([...book.takeChanged()], []);
  },
});
