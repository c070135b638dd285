/** An event stream nobody reads costs a bounded number of bytes and is ended in bounded time. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

Deno.test({
  name: "a stream that is never read is warned about, bounded and ended",
  permissions: "none",
  async fn() {
    await using s = sessionScene();
    const response = await Promise.all([
      Promise.resolve(s.rig.edge.fetch(new Request("http://edge/sse/tick"))),
      s.clock.advance(50),
    ]).then(([response]) => response);
    assertEquals([response.status, s.rig.edge.hub.size], [200, 1]);
    const [session] = s.rig.edge.hub.sessions();
    let most = 0;
    for (let n = 0; n < 80 && s.rig.edge.hub.size > 0; n++) {
      await s.rig.writer.append("tick", Array.from({ length: 100 }, (_, k) => aTrade({ tid: String(k) })));
      await s.clock.advance(30);
      most = Math.max(most, session?.buffered() ?? 0);
    }
    assertEquals([s.rig.edge.hub.size, s.rig.edge.counters.slowClosed], [0, 1]);
    assert(most < 600_000, `${most} bytes`);
    await response.body?.cancel().catch(() => {});
  },
});

Deno.test({
  name: "one that is read again after a while has every event or its count",
  permissions: "none",
  async fn() {
    await using s = sessionScene();
    const [response] = await Promise.all([
      Promise.resolve(s.rig.edge.fetch(new Request("http://edge/sse/tick"))),
      s.clock.advance(50),
    ]);
    const reader = response.body?.getReader();
    for (let n = 0; n < 12; n++) {
      await s.rig.writer.append("tick", Array.from({ length: 10 }, (_, k) => aTrade({ tid: String(k) })));
      await s.clock.advance(30);
    }
    let text = "";
    const reading = (async () => {
      const decoder = new TextDecoder();
      for (;;) {
        const { value, done } = await (reader?.read() ?? Promise.resolve({ value: undefined, done: true }));
        if (done) return;
        text += decoder.decode(value, { stream: true });
      }
    })().catch(() => {});
    await s.clock.advance(500);
    const events = [...text.matchAll(/^data: (\[.*\])$/gm)].flatMap(([, data]) => JSON.parse(data ?? "[]"));
    assertEquals(events.reduce((sum, { n }) => sum + (n ?? 1), 0), 120);
    await reader?.cancel();
    await reading;
  },
});

Deno.test({
  name: "a quiet stream that is never read is bounded by what it is told, and ended",
  permissions: "none",
  async fn() {
    await using s = sessionScene({ settings: { clientMaxBufferedBytes: 64 * 1024 } });
    const [response] = await Promise.all([
      Promise.resolve(s.rig.edge.fetch(new Request("http://edge/sse/tick"))),
      s.clock.advance(50),
    ]);
    const [session] = s.rig.edge.hub.sessions();
    let most = 0;
    for (let minute = 0; minute < 60 && s.rig.edge.hub.size > 0; minute++) {
      await s.clock.advance(60_000);
      most = Math.max(most, session?.buffered() ?? 0);
    }
    assertEquals(
      [s.rig.edge.hub.size, s.rig.edge.counters.slowClosed, most < 40_000],
      [0, 1, true],
      `${most}`,
    );
    await response.body?.cancel().catch(() => {});
  },
});
