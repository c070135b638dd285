/**
 * "As fast as they read": holds a free-running source back until every client has read what was sent (a ping queued
 * behind the data is answered only then) and until the process around it says it may go on.
 */
import type { Clock } from "../feed/clock.ts";
import type { Hub } from "./hub.ts";

/** How often `mayContinue` is asked while it says no. */
const ASK_EVERY_MS = 2;
/** A client that answers no ping is waited for no longer than this; its buffer bound takes over. */
const PONG_WAIT_MS = 5000;

/** See the module. */
export class FlowControl {
  constructor(
    private readonly hub: Hub,
    private readonly clock: Clock,
    private readonly mayContinue: () => boolean,
  ) {}

  /** Resolves when everything sent so far was read and going on is welcome. Rejects when aborted. */
  async untilTaken(signal: AbortSignal): Promise<void> {
    const readers = this.hub.connections.filter((connection) => connection.session.held.size > 0);
    if (readers.length > 0) {
      const waiting = new AbortController();
      const all = Promise.all(readers.map((reader) => reader.caughtUp()));
      const limit = this.clock.sleep(PONG_WAIT_MS, AbortSignal.any([signal, waiting.signal]));
      limit.catch(() => {/* aborted below, or by the caller, whom the next line tells */});
      await Promise.race([all, limit]);
      waiting.abort();
    }
    do {
      await this.clock.sleep(this.mayContinue() ? 0 : ASK_EVERY_MS, signal);
    } while (!this.mayContinue());
  }
}
