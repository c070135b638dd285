/** The project's own client as an end-to-end test uses it: every tick, whatever happens to the edges. */
import { Tickcast } from "../../src/client/tickcast.ts";

/** A client that never gives up, the ids it handed out in order, and the gaps it told. */
export interface OwnClient {
  readonly client: Tickcast;
  readonly ids: readonly string[];
  readonly gaps: readonly unknown[];
}

/** Starts one at `base`; whoever starts it disconnects it. */
export function followTicks(base: string): OwnClient {
  const ids: string[] = [];
  const gaps: unknown[] = [];
  const client = new Tickcast(base, { maxAttempts: Infinity, backoffCapMs: 500 });
  client.subscribe({ streams: ["tick"], symbols: ["*"] }, {
    onEvents: ({ events }) => ids.push(...events.map(({ id }) => id)),
    onGap: (gap) => void gaps.push(gap),
  });
  client.connect();
  return { ids, gaps, client };
}
