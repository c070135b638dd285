import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, backoffMs, serverWaitMs } from "../../src/client/backoff.ts";

Deno.test({
  name: "the wait doubles with every failure up to the cap, and jitter takes any part of it, at the cap too",
  permissions: "none",
  fn() {
    const full = [1, 2, 3, 4, 20, 2000].map((attempt) => backoffMs(attempt, () => 0.999999));
    assertEquals(full, [500, 1000, 2000, 4000, BACKOFF_CAP_MS, BACKOFF_CAP_MS]);
    assertEquals(backoffMs(9, () => 0), 0);
    assertEquals(backoffMs(1, () => 0.5), BACKOFF_BASE_MS / 2);
  },
});

Deno.test({
  name: "no wait is negative or past its cap",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(60_000),
        (attempt, jitter, cap) => {
          const wait = backoffMs(attempt + 1, () => jitter, cap);
          assert(wait >= 0 && wait <= cap);
        },
      ),
    );
  },
});

Deno.test({
  name: "a server's wait is bounded, and nonsense is none",
  permissions: "none",
  fn() {
    assertEquals([1500, 1e12, -1, Number.NaN, "9"].map(serverWaitMs), [
      1500,
      300_000,
      undefined,
      undefined,
      undefined,
    ]);
  },
});
