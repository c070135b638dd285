/**
 * What changes a session's subscriptions, one after the other: commands, a new split of a stream, a first subscription. Two at
 * once would each wait on a stream that the other is joining or leaving.
 */
export class TurnQueue {
  #last: Promise<void> = Promise.resolve();

  /** Runs `work` once all before it is done. It must not throw. */
  run(work: () => void | Promise<void>): void {
    this.#last = this.#last.then(work);
  }
}
