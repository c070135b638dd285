/** The client under test, what it handed on, and a witness that reads the same list with nothing but `fetch`. */
import { assert, assertEquals } from "@std/assert";
import type { ClientError } from "../../src/client/failure.ts";
import type { Transport } from "../../src/client/link.ts";
import type { GapNotice } from "../../src/client/message.ts";
import type { TickcastOptions } from "../../src/client/options.ts";
import type { EventsBatch, SnapshotBatch, SubscribeRequest } from "../../src/client/subscription.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { until } from "../client/next.ts";
import { poll } from "../edge/test_clients.ts";
import type { Listed } from "./case.ts";

/** Each is driven on its own. */
export const CLIENT_TRANSPORTS: readonly Transport[] = ["websocket", "sse", "poll"];

/** What one subscription was handed. */
export class Handed {
  readonly events: Listed[] = [];
  readonly batches: EventsBatch[] = [];
  readonly gaps: GapNotice[] = [];
  readonly snapshots: SnapshotBatch[] = [];

  readonly handlers = {
    onEvents: (batch: EventsBatch) => {
      this.batches.push(batch);
      this.events.push(...listed(batch.events));
    },
    onGap: (gap: GapNotice) => void this.gaps.push(gap),
    onSnapshot: (batch: SnapshotBatch) => void this.snapshots.push(batch),
  };

  get ids(): string[] {
    return this.events.map(({ id }) => id);
  }

  /** Waits for so many events in all. */
  async count(count: number): Promise<void> {
    await until(`${count} events`, () => this.events.length >= count);
  }
}

/** Every event is an object with at least what all have; the rest is the kit's to look at. */
const listed = (events: readonly object[]): Listed[] => events.map((event) => ({ ...event }) as Listed);

/** A client and what its subscription to the tick stream was handed. */
export interface Driven extends Disposable {
  readonly client: Tickcast;
  readonly handed: Handed;
  readonly errors: ClientError[];
}

/** Connects a client over one transport and subscribes. */
export async function drive(
  base: string | readonly string[],
  transport: Transport | readonly Transport[],
  request: Partial<SubscribeRequest<"tick">> = {},
  options: TickcastOptions = {},
): Promise<Driven> {
  const handed = new Handed();
  const errors: ClientError[] = [];
  const client = new Tickcast(base, {
    transports: [transport].flat(),
    platform: { random: () => 0.02 },
    onError: (error) => errors.push(error),
    ...options,
  });
  client.subscribe({ streams: ["tick"], ...request }, handed.handlers);
  await client.connect();
  return { client, handed, errors, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

/** Everything of the stream from a cursor on, read by plain polls, until there is so much or what is looked for. */
export async function witness(
  base: string,
  cursor: string,
  enough: number | ((seen: readonly Listed[]) => boolean),
  symbols = "*",
): Promise<Listed[]> {
  const isEnough = typeof enough === "number" ? () => seen.length >= enough : enough;
  const seen: Listed[] = [];
  for (let at = cursor; !isEnough(seen);) {
    const answer = await poll(base, `/events/tick?symbols=${symbols}&cursor=${at}&wait=5`);
    assertEquals(answer.gap, null, "the list moves too fast for the witness");
    seen.push(...listed(answer.events));
    at = answer.cursor;
  }
  return seen;
}

/** A cursor of now, with `count` events after it. */
export async function before(base: string, count: number): Promise<string> {
  const { cursor } = await poll(base, "/events/tick");
  await witness(base, cursor, count);
  return cursor;
}

/** Both began at the same place: they are the same, as far as both got. */
export function assertSame(actual: readonly unknown[], expected: readonly unknown[], least: number): void {
  const common = Math.min(actual.length, expected.length);
  assert(common >= least, `only ${actual.length} and ${expected.length} instead of ${least}`);
  assertEquals(actual.slice(0, common), expected.slice(0, common));
}
