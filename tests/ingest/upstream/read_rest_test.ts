import { assertEquals } from "@std/assert";
import {
  READ_REST_MAX_CHARS,
  READ_REST_MS,
  ReadRest,
  readSwitchOf,
} from "../../../src/ingest/upstream/read_rest.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const pure = { permissions: "none" } as const;

/** A rest over a switch that notes what it was told. */
function scene() {
  const clock = new ManualClock();
  const told: string[] = [];
  const rest = new ReadRest(clock, { stop: () => told.push("stop"), start: () => told.push("start") });
  return { clock, told, rest };
}

Deno.test(
  "a busy connection is left alone for a moment after each small burst, then read again",
  pure,
  async () => {
    const { clock, told, rest } = scene();
    rest.taken(160);
    assertEquals(told, [], "one frame makes no busy connection");
    await clock.advance(2);
    rest.taken(160);
    assertEquals(told, ["stop"]);
    await clock.advance(READ_REST_MS);
    assertEquals(told, ["stop", "start"]);
    rest.taken(480);
    assertEquals(told, ["stop", "start", "stop"], "it goes on while bursts follow each other");
    rest[Symbol.dispose]();
  },
);

Deno.test("frames that come seldom are read as they come", pure, async () => {
  const { clock, told, rest } = scene();
  for (let n = 0; n < 50; n++) {
    rest.taken(160);
    await clock.advance(2 * READ_REST_MS);
  }
  assertEquals(told, []);
});

Deno.test("a flood is read without a rest", pure, async () => {
  const { clock, told, rest } = scene();
  for (let n = 0; n < 50; n++) {
    rest.taken(READ_REST_MAX_CHARS + 1);
    await clock.advance(1);
  }
  assertEquals(told, []);
});

Deno.test("nothing is left ticking once the socket is gone", pure, async () => {
  const { clock, told, rest } = scene();
  rest.taken(1);
  rest.taken(1);
  rest[Symbol.dispose]();
  assertEquals(clock.pending, 0);
  rest.taken(1);
  rest.taken(1);
  await clock.advance(1_000);
  assertEquals(told, ["stop"]);
});

Deno.test(
  "a socket without a handle that can be stopped has no switch, and one that lost its handle is let be",
  pure,
  () => {
    assertEquals(readSwitchOf({}), undefined);
    assertEquals(readSwitchOf({ _handle: { readStop: 1 } }), undefined);
    let stops = 0;
    const socket: { _handle: unknown } = { _handle: { readStop: () => stops++, readStart: () => stops-- } };
    const reading = readSwitchOf(socket);
    reading?.stop();
    assertEquals(stops, 1);
    socket._handle = null;
    reading?.start();
    assertEquals(stops, 1);
  },
);
