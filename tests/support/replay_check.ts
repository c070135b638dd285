/** The tool that holds what clients saw of a replay against the recording itself. */
import { assert, assertEquals } from "@std/assert";
import { type ExpectedStreams, withoutStamps } from "./expected_events.ts";
import type { Collected, CollectingClient } from "./stream_clients.ts";

/** Waits until the client has as many events as the recording, then checks every one of them. */
export async function assertSawAll(
  client: CollectingClient,
  expected: ExpectedStreams,
  deadlineMs: number,
): Promise<void> {
  await client.until(
    (seen) =>
      [...expected].every(([stream, events]) =>
        (seen.get(stream)?.events.length ?? 0) >= events.length || (seen.get(stream)?.gaps.length ?? 0) > 0
      ),
    deadlineMs,
  );
  for (const [stream, events] of expected) {
    const seen = client.seen.get(stream);
    assert(seen, `${client.transport} saw nothing of ${stream}`);
    assertSameEvents(`${client.transport} ${stream}`, seen, events);
  }
}

/** Exactly once, in order, field for field; ids rising. */
function assertSameEvents(who: string, seen: Collected, expected: readonly Record<string, unknown>[]): void {
  assertEquals(seen.gaps, [], `${who} was told of gaps`);
  assertEquals(seen.events.length, expected.length, `${who}: count`);
  let before = 0;
  for (const [n, event] of seen.events.entries()) {
    const seq = Number(String(event.id).split("-")[1]);
    assert(seq > before, `${who}: id ${event.id} does not rise`);
    before = seq;
    assertEquals(withoutStamps(event), expected[n], `${who}: event ${n}`);
  }
}
