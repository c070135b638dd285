/** What the cases of the kit are made of: where to read from, what was read, one case over every transport. */
import { assert, assertEquals } from "@std/assert";
import { poll, SocketClient } from "../edge/test_clients.ts";
import { follow, type Transport, TRANSPORTS } from "./follow.ts";
import { isAfter, placeOfId, placesOfCursor } from "./positions.ts";

/** One case. */
export interface Case {
  readonly name: string;
  run(base: string): Promise<void>;
}

/** An event as it stands in the list. */
export type Listed = Record<string, unknown> & {
  readonly id: string;
  readonly sym: string;
  readonly type: string;
};

/** The events of messages, in order. */
export const eventsOf = (messages: readonly Record<string, unknown>[]): Listed[] =>
  messages.flatMap(({ events }) => Array.isArray(events) ? events : []);

/** Events of the tick stream from `cursor` on, `count` of them, over one transport. */
export async function read(
  base: string,
  transport: Transport,
  cursor: string,
  count: number,
): Promise<Listed[]> {
  await using following = follow(base, transport, { stream: "tick", cursor });
  await following.inbox.events(count);
  return eventsOf(following.inbox.of("events")).slice(0, count);
}

/** A cursor a little back, with at least `count` events after it. */
export async function earlier(base: string, count: number): Promise<string> {
  await using socket = new SocketClient(base, "/ws/tick?symbols=*");
  const { cursor } = await socket.first("subscribed");
  await socket.events(count);
  return String(cursor);
}

/** Everything between two cursors of the tick stream, as plain polls read it. */
export async function between(base: string, from: string, upTo: string): Promise<Listed[]> {
  const ends = placesOfCursor(upTo);
  const seen: Listed[] = [];
  const isThere = (at: string) =>
    [...placesOfCursor(at)].every(([list, place]) => {
      const end = ends.get(list);
      return end === undefined || !isAfter(end, place);
    });
  for (let at = from; !isThere(at);) {
    const answer = await poll(base, `/events/tick?cursor=${at}&wait=5`);
    assertEquals(answer.gap, null, "the list moves too fast for this kit");
    seen.push(...answer.events.map((event) => ({ ...event }) as Listed));
    at = answer.cursor;
  }
  return seen.filter(({ id }) => {
    const end = ends.get(placeOfId(id).list);
    assert(end !== undefined, `${id} is of a list that ${upTo} does not know`);
    return !isAfter(placeOfId(id), end);
  });
}

/** A case, once over each transport. */
export function perTransport(
  name: string,
  run: (base: string, transport: Transport) => Promise<void>,
): Case[] {
  return TRANSPORTS.map((transport) => ({
    name: `${transport}: ${name}`,
    run: (base) => run(base, transport),
  }));
}
