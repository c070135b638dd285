/** A list that was lost and begun anew under an earlier epoch, by a clock that was set back: nobody may wait for it for good. */
import { assertEquals } from "@std/assert";
import { MemoryState } from "../../../src/store/memory/memory_state.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { recordingLog } from "../../support/recording_log.ts";
import { httpScene } from "../http_scene.ts";

const trade = (tid: number) => aTrade({ tid: String(tid) });

Deno.test({
  name:
    "a list that goes on under an earlier epoch is told as a gap within a minute, and its events follow on all transports",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const state = new MemoryState(clock);
    const { log, lines } = recordingLog();
    await using scene = httpScene({ clock, state, log, pullMs: 250 });
    await scene.append("tick", [trade(1), trade(2), trade(3)]);
    const socket = scene.socket({ action: "subscribe", symbols: ["*"] });
    const stream = await scene.stream("/sse/tick");
    const { cursor } = await scene.poll("/events/tick?wait=0");
    await clock.advance(500);
    state.lists.delete("tick");
    scene.rig.writer.heads.delete("tick");
    clock.jump(clock.now() - 3_600_000);
    for (let second = 0; second < 60; second++) {
      await scene.append("tick", [trade(10 + second)]);
      await clock.advance(1000);
    }
    const last = await scene.append("tick", [trade(99)]);
    await clock.advance(1000);
    const gap = socket.read.findIndex(({ type }) => type === "gap");
    assertEquals([socket.read[gap]?.cause, socket.read[gap]?.lost, socket.read[gap]?.after], [
      "epoch",
      null,
      cursor.slice(5),
    ]);
    const ids = socket.read.slice(gap).flatMap(({ events }) =>
      Array.isArray(events) ? events.map(({ id }) => String(id)) : []
    );
    assertEquals([ids.at(-1), ids.length > 15, new Set(ids).size], [last.slice(5), true, ids.length]);
    assertEquals([stream.text().includes("event: gap"), stream.ids().at(-1)], [true, last.slice(5)]);
    const polled = await scene.poll(`/events/tick?cursor=${cursor}`, 3_000);
    assertEquals([polled.gap?.cause, polled.cursor], ["epoch", last]);
    assertEquals(lines.filter(({ event }) => event === "list_set_back").map(({ level }) => level), [
      "warning",
    ]);
    await stream.leave();
  },
});
