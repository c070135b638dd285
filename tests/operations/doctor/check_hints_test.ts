/** Whether who may not publish can hear: told by the subscription itself, however far away it is. */
import { assertMatch } from "@std/assert";
import { checkHints } from "../../../src/operations/doctor/check_hints.ts";
import { findingText } from "../../../src/operations/doctor/finding.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import type { RedisTransport } from "../../../src/store/redis/redis_transport.ts";
import { RedisReplyError } from "../../../src/store/store_failure.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** Longer than the doctor waits for anything. */
const LATE_MS = 60_000;

/** What becomes of a subscription, and when. */
interface Subscription {
  readonly afterMs: number;
  readonly outcome: "open" | "refused";
}

function transportOf({ afterMs, outcome }: Subscription, clock: ManualClock): RedisTransport {
  return {
    name: "tcp",
    scriptHeader: "",
    togetherCommands: 0,
    command: () => Promise.resolve(undefined),
    readTogether: () => Promise.resolve([]),
    async subscribe(_channel, _deliver, signal, opened) {
      try {
        await clock.sleep(afterMs, signal);
        if (outcome === "refused") throw new RedisReplyError("NOPERM No permissions to access a channel");
        opened?.();
        await clock.sleep(LATE_MS, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    doubt: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function look(subscription: Subscription): Promise<string> {
  const clock = new ManualClock();
  await using store = createMemoryStore(clock);
  const deps = { clock, random: () => 0.5, signal: new AbortController().signal };
  const looking = checkHints(store, transportOf(subscription, clock), "tickcast:hint", false, deps);
  await clock.advance(LATE_MS);
  return findingText(await looking);
}

const CASES: readonly (readonly [what: string, subscription: Subscription, told: RegExp])[] = [
  ["open at once", { afterMs: 1, outcome: "open" }, /ok +redis +subscribes to hints/],
  ["open after a second", { afterMs: 1_000, outcome: "open" }, /ok +redis +subscribes to hints/],
  ["refused at once", { afterMs: 1, outcome: "refused" }, /WARN redis +hints can't be subscribed to/],
  ["refused after a second", { afterMs: 1_000, outcome: "refused" }, /WARN redis +hints can't be subscr/],
  ["silent", { afterMs: LATE_MS, outcome: "open" }, /WARN redis +hints can't be subscribed to within 3 s/],
];

for (const [what, subscription, told] of CASES) {
  Deno.test({
    name: `a subscription that is ${what} is told as what it is`,
    permissions: "none",
    fn: async () => assertMatch(await look(subscription), told),
  });
}
