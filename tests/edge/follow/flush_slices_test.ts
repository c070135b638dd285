/** A flush of many large frames goes out in slices, so that the event loop goes round in between. */
import { assert, assertEquals } from "@std/assert";
import { SLICE_MAX_BYTES } from "../../../src/edge/follow/flush_group.ts";
import { aTrade } from "../../support/event_factory.ts";
import { type SceneClient, type SessionScene, sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const SYMBOLS = ["AAPL", "MSFT", "X:BTC-USD"];
const CLIENTS = 150;

/** About 240 kB in ten events of every symbol, whoever asks for one. */
const large = (round: number) =>
  Array.from({ length: 10 * SYMBOLS.length }, (_, n) =>
    aTrade({
      sym: SYMBOLS[n % SYMBOLS.length] ?? "",
      tid: `${round}-${n}`,
      conds: Array.from({ length: 12_000 }, () => 1),
    }));

/** Clients of three filters, all caught up. */
async function crowd(scene: SessionScene): Promise<SceneClient[]> {
  const clients = Array.from({ length: CLIENTS }, (_, n) => {
    const client = scene.client();
    client.say({ action: "subscribe", symbols: [SYMBOLS[n % SYMBOLS.length]] });
    return client;
  });
  await scene.clock.advance(100);
  return clients;
}

/** Bytes of each slice. */
function slices(scene: SessionScene): number[] {
  const { counters } = scene.rig.edge;
  const bytes: number[] = [];
  let before = counters.bytesSent;
  counters.observers.broadcast = () => {
    bytes.push(counters.bytesSent - before);
    before = counters.bytesSent;
  };
  return bytes;
}

async function append(scene: SessionScene, round: number): Promise<void> {
  const events = large(round);
  for (let n = 0; n < events.length; n += 10) await scene.rig.writer.append("tick", events.slice(n, n + 10));
}

pure("no slice hands over more than its bound and one frame, and everybody is served once", async () => {
  await using scene = sessionScene();
  const clients = await crowd(scene);
  const bytes = slices(scene);
  await append(scene, 1);
  await scene.clock.advance(500);
  assert(bytes.filter((count) => count > 0).length >= 2, bytes.join());
  assert(bytes.every((count) => count < SLICE_MAX_BYTES + 300_000), bytes.join());
  assertEquals(clients.map((client) => client.ids().length), clients.map(() => 10));
});

pure("what comes, who comes and who goes between two slices loses and doubles nothing", async () => {
  await using scene = sessionScene();
  const clients = await crowd(scene);
  let isLate = false;
  scene.rig.edge.counters.observers.broadcast = () => {
    if (isLate) return;
    isLate = true;
    for (const gone of clients.splice(0, 20)) gone.handlers.onClose();
    for (const gone of clients.splice(-20)) gone.handlers.onClose();
    void append(scene, 2);
  };
  await append(scene, 1);
  await scene.clock.advance(2_000);
  assertEquals(isLate, true);
  for (const client of clients) {
    const seqs = client.ids().map((id) => Number(id.split("-")[1]));
    assertEquals(seqs.length, 20);
    assertEquals(seqs, [...new Set(seqs)].sort((a, b) => a - b));
  }
});

pure(
  "who comes between two slices, behind, to a filter that had its turn is served without waiting for other news",
  async () => {
    await using scene = sessionScene();
    const first = scene.client();
    first.say({ action: "subscribe", symbols: ["AAPL"] });
    for (let n = 0; n < CLIENTS; n++) scene.client().say({ action: "subscribe", symbols: ["MSFT"] });
    await scene.clock.advance(100);
    let late: SceneClient | undefined;
    scene.rig.edge.counters.observers.broadcast = () => {
      if (late !== undefined) return;
      late = scene.client();
      late.say({ action: "subscribe", symbols: ["AAPL"], cursor: "earliest" });
    };
    const few = large(1).filter(({ sym }) => sym !== "X:BTC-USD").slice(0, 10);
    await scene.rig.writer.append("tick", few);
    await scene.clock.advance(1_000);
    assertEquals(late?.ids().length, few.filter(({ sym }) => sym === "AAPL").length);
  },
);
