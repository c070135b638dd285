/** The plan as ingest notes it: how many lists ticks are split over. */
import type { FeedStore } from "../../src/feed/store.ts";

/** Ticks of all symbols over so many lists, from the edge's next look at the plan on. */
export async function splitTicks(store: FeedStore, lists: number): Promise<void> {
  const plan = {
    at: 0,
    streams: { tick: { symbols: ["*"], lists } },
    markets: ["stocks"],
    simulated: false,
  };
  await store.writeNote("plan", JSON.stringify(plan), undefined);
}
