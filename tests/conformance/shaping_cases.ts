/** What a client asks to be left out, cut down, merged or slowed down. */
import { assert, assertEquals } from "@std/assert";
import { between, type Case, earlier, eventsOf, type Listed, perTransport, read } from "./case.ts";
import { follow, type FollowAsk, type Transport } from "./follow.ts";
import { assertRising } from "./positions.ts";

/** From one cursor: what a shaped subscription got first, and what of everything it was to get. */
async function assertChosen(
  base: string,
  transport: Transport,
  askOf: (all: readonly Listed[]) => Pick<FollowAsk, "symbols">,
  wants: (event: Listed, all: readonly Listed[]) => boolean,
): Promise<void> {
  const cursor = await earlier(base, 40);
  const all = await read(base, "ws", cursor, 40);
  const wanted = all.filter((event) => wants(event, all)).map(({ id }) => id);
  assert(wanted.length > 0);
  await using following = follow(base, transport, { stream: "tick", cursor, ...askOf(all) });
  await following.inbox.events(wanted.length);
  const got = eventsOf(following.inbox.of("events"));
  assertEquals(got.filter((event) => !wants(event, all)), []);
  assertEquals(got.slice(0, wanted.length).map(({ id }) => id), wanted);
}

/** How many events each key stands for. */
function countsOf(events: readonly Listed[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type, sym, n } of events) {
    const key = `${type}:${sym}`;
    counts[key] = (counts[key] ?? 0) + (typeof n === "number" ? n : 1);
  }
  return counts;
}

/** See the file comment. */
export const SHAPING_CASES: readonly Case[] = [
  ...perTransport(
    "only the symbols asked for come, and the cursor moves past the others",
    (base, transport) =>
      assertChosen(
        base,
        transport,
        (all) => ({ symbols: all[0]?.sym ?? "" }),
        ({ sym }, all) => sym === all[0]?.sym,
      ),
  ),
  ...perTransport("a prefix takes every symbol that begins so, and no other", (base, transport) => {
    const prefixOf = (all: readonly Listed[]) => all[0]?.sym.slice(0, 1) ?? "";
    return assertChosen(
      base,
      transport,
      (all) => ({ symbols: `${prefixOf(all)}*` }),
      ({ sym }, all) => sym.startsWith(prefixOf(all)),
    );
  }),
  ...perTransport("fields cut events down, id, type, sym and t stay", async (base, transport) => {
    const cursor = await earlier(base, 5);
    const fields = "nothing_of_the_kind";
    await using following = follow(base, transport, { stream: "tick", cursor, fields });
    await following.inbox.events(5);
    for (const event of eventsOf(following.inbox.of("events"))) {
      assertEquals(Object.keys(event).sort(), ["id", "sym", "t", "type"]);
    }
  }),
  ...perTransport(
    "latest gives at most one trade of a symbol a frame, and n says how many events each stands for",
    async (base, transport) => {
      const cursor = await earlier(base, 60);
      await using following = follow(base, transport, { stream: "tick", cursor, mode: "latest" });
      const { inbox } = following;
      // An answer may end behind its first event: at a multiple of 100.
      await inbox.until(
        "something merged",
        () => eventsOf(inbox.of("events")).some(({ n }) => Number(n) > 1),
      );
      const frames = inbox.of("events");
      const events = eventsOf(frames);
      assertRising(events.map(({ id }) => id));
      // Of a bar there may be several: corrections and their like pass alone.
      for (const frame of frames) {
        const trades = eventsOf([frame]).filter(({ type }) => type === "trade").map(({ sym }) => sym);
        assertEquals(trades, [...new Set(trades)]);
      }
      const all = await between(base, cursor, String(frames.at(-1)?.cursor));
      assertEquals(countsOf(events), countsOf(all));
    },
  ),
  ...perTransport(
    "max_hz bounds how often frames come, and nothing is lost by it",
    async (base, transport) => {
      const cursor = await earlier(base, 5);
      const hz = 10;
      // From before the first byte on: what a busy machine holds back and gives at once still took its time to be sent.
      const began = performance.now();
      await using following = follow(base, transport, { stream: "tick", cursor, max_hz: hz });
      const { inbox } = following;
      const frames = () => inbox.of("events").length;
      await inbox.until("frames", () => frames() >= 6);
      const seconds = (performance.now() - began) / 1000;
      // A poll that waits alone is answered as soon as there is something.
      const most = transport === "poll" ? Infinity : seconds * hz + 1.5;
      assert(frames() <= most, `${frames()} frames in ${seconds} s`);
      const last = String(inbox.of("events").at(-1)?.cursor);
      const expected = (await between(base, cursor, last)).map(({ id }) => id);
      assertEquals(inbox.ids().slice(0, expected.length), expected);
    },
  ),
];
