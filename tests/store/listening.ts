/** Opens hints and waits until they are really open: a subscription is silent about that, so a probe is heard first. */
import type { FeedStore, Hint } from "../../src/feed/store.ts";
import { lead, Writer } from "./appending.ts";

const HINT_DEADLINE_MS = 30_000;

/** Hints that are open. */
export interface Listening {
  readonly reader: AsyncIterator<Hint>;
  /** The next hint of `list` at or past `seq`. */
  next(list: string, seq: number): Promise<Hint>;
  readonly fence: number;
}

/** Takes the lease and appends to list `probe` until `store` hints of it. */
export async function listen(store: FeedStore, signal: AbortSignal): Promise<Listening> {
  const reader = store.hints(signal)[Symbol.asyncIterator]();
  const writer = new Writer(store, await lead(store), "probe");
  const heard = reader.next();
  let isOpen = false;
  const open = () => void (isOpen = true);
  heard.then(open, open);
  while (!isOpen) {
    await writer.write(1);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await heard;
  return {
    reader,
    fence: writer.fence,
    async next(list, seq) {
      const deadline = AbortSignal.timeout(HINT_DEADLINE_MS);
      while (!deadline.aborted) {
        const { value } = await reader.next();
        if (value?.list === list && value.position.seq >= seq) return value;
      }
      throw new Error(`Cannot go on as no hint of ${list} came within ${HINT_DEADLINE_MS} ms`);
    },
  };
}
