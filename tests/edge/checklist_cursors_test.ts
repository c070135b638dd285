/** The checklist's *Cursors* part over event streams and polls: the same answers as on a socket, row by row. */
import { assertEquals } from "@std/assert";
import { aTrade } from "../support/event_factory.ts";
import { CURSOR_ROWS } from "./checklist_rows.ts";
import { type HttpScene, httpScene } from "./http_scene.ts";

const pathOf = (door: string, cursor: string) => `${door}/tick?${new URLSearchParams({ cursor })}`;
/** Longer than one that is ahead is held. */
const HOLD_MS = 2_500;

/** What came of a cursor, in the rows' words, once the third event is there. */
function inWords(gapCauses: readonly unknown[], ids: readonly string[]): string {
  if (gapCauses.length > 0) return `gap ${gapCauses.join()}`;
  return ids.length === 3 ? "all" : ids.length === 1 ? "now" : `${ids.length}`;
}

async function onStream(s: HttpScene, cursor: string): Promise<string> {
  const stream = await s.stream(pathOf("/sse", cursor));
  await s.clock.advance(HOLD_MS);
  if (stream.status !== 200) {
    assertEquals(stream.status, 400);
    return JSON.parse(stream.text()).error.code;
  }
  const third = await s.append("tick", [aTrade({ tid: "3" })]);
  await s.clock.advance(100);
  assertEquals(`tick:${stream.ids().at(-1)}`, third);
  await stream.leave();
  const gaps = [...stream.text().matchAll(/^event: gap\ndata: (.*)$/gm)].map(([, data]) =>
    JSON.parse(data ?? "")
  );
  return inWords(gaps.map(({ cause }) => cause), stream.ids());
}

async function onPolls(s: HttpScene, cursor: string): Promise<string> {
  const { status, text } = await s.get(pathOf("/events", cursor), {}, HOLD_MS);
  const first = JSON.parse(text);
  if (status !== 200) {
    assertEquals(status, 400);
    return first.error.code;
  }
  const third = await s.append("tick", [aTrade({ tid: "3" })]);
  await s.clock.advance(100);
  const second = await s.poll(pathOf("/events", first.cursor));
  const ids = [...first.events, ...second.events].map(({ id }) => String(id));
  assertEquals(`tick:${ids.at(-1)}`, third);
  return inWords([first.gap, second.gap].flatMap((gap) => gap === null ? [] : [gap.cause]), ids);
}

for (const [transport, ask] of [["an event stream", onStream], ["polls", onPolls]] as const) {
  for (const [what, cursor, answer] of CURSOR_ROWS) {
    Deno.test({
      name: `a cursor on ${transport}, ${what}: ${answer}`,
      permissions: "none",
      async fn() {
        await using s = httpScene();
        await s.append("tick", [aTrade(), aTrade({ tid: "2" })]);
        assertEquals(await ask(s, cursor), answer);
      },
    });
  }
}
