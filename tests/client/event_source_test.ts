/// <reference lib="dom" />
/**
 * The event stream read by the browser's own `EventSource`, without a line of our client: named events with their ids, and
 * a connection that breaks comes back by itself where it was.
 */
import { assert, assertEquals } from "@std/assert";
import { edgeRig, type Rig } from "../edge/edge_rig.ts";
import { chromiumPart, TestBrowser } from "../support/browser.ts";
import { aMinute, aTrade } from "../support/event_factory.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { until } from "../support/until.ts";

/** An event as a listener in the page had it. */
interface Heard {
  readonly name: string;
  readonly lastEventId: string;
  readonly ids: readonly string[];
}

declare global {
  /** What the page's EventSource has dispatched. */
  var heardByTest: Heard[];
}

/** In the page: listens to every name there is. */
function listen(url: string): void {
  const heard: Heard[] = globalThis.heardByTest = [];
  const source = new EventSource(url);
  const names = [
    "hello",
    "subscribed",
    "tick",
    "minute",
    "gap",
    "warning",
    "heartbeat",
    "reconnect",
    "fault",
    "message",
    "mark",
  ];
  for (const name of names) {
    source.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
      const content: unknown = JSON.parse(data);
      const ids = Array.isArray(content) ? content.map(({ id }) => String(id)) : [];
      heard.push({ name, lastEventId, ids });
    });
  }
}

/** Puts a mark behind each block that is an id alone: the page's listeners hear nothing of those themselves. */
function marked(): TransformStream<Uint8Array, Uint8Array> {
  const mark = new TextEncoder().encode("event: mark\ndata: []\n\n");
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (/^id: [^\n]*\n\n$/.test(new TextDecoder().decode(chunk))) controller.enqueue(mark);
    },
  });
}

/** An edge whose event streams are watched on their way out. */
interface WatchedEdge extends AsyncDisposable {
  readonly port: number;
  readonly rig: Rig;
  /** The `Last-Event-ID` of each request for a stream. */
  readonly asked: readonly (string | null)[];
}

function watchedEdge(): WatchedEdge {
  const rig = edgeRig();
  const asked: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request, info) => {
    if (new URL(request.url).pathname !== "/sse") {
      return new Response("<!doctype html><title>a page</title>", {
        headers: { "content-type": "text/html" },
      });
    }
    asked.push(request.headers.get("last-event-id"));
    const response = await rig.edge.fetch(request, info);
    return new Response(response.body?.pipeThrough(marked()), response);
  });
  return {
    port: server.addr.port,
    rig,
    asked,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

const idsOf = (heard: readonly Heard[], name: string) =>
  heard.filter((one) => one.name === name).flatMap(({ ids }) => ids);

Deno.test({
  name:
    `a native EventSource gets named events with their ids, and after a break all that it missed, once${chromiumPart.note}`,
  ignore: chromiumPart.ignore,
  async fn() {
    await using edge = watchedEdge();
    const { rig, asked } = edge;
    await using proxy = new TcpProxy(edge.port);
    await using browser = await TestBrowser.launch();
    await using opened = await browser.open();
    const { page } = opened;
    const heard = () => page.evaluate(() => globalThis.heardByTest);
    const write = async (from: number, count: number, sym = "AAPL") => {
      const trades = Array.from({ length: count }, (_, n) => aTrade({ sym, tid: `${from + n}` }));
      const { epoch, seq } = await rig.writer.append("tick", trades);
      return `tick:${epoch}-${seq}`;
    };
    await write(0, 1);
    await page.goto(`http://127.0.0.1:${proxy.port}/`);
    await page.evaluate(listen, "/sse?streams=tick,minute&symbols=AAPL");
    await until(async () => (await heard()).some(({ name }) => name === "subscribed"), "it is subscribed");
    const { epoch } = await rig.writer.append("minute", [aMinute()]);
    await until(async () => idsOf(await heard(), "minute").length === 1, "the minute");
    const tick = await write(1, 5);
    await until(async () => idsOf(await heard(), "tick").length === 5, "five ticks");
    const whole = `${tick},minute:${epoch}-1`;
    assertEquals((await heard()).at(-1)?.lastEventId, whole);
    // Nothing of it is for this page: the id moves all the same.
    const moved = `${await write(6, 3, "MSFT")},minute:${epoch}-1`;
    const isMark = ({ name }: Heard) => name === "mark";
    await until(async () => (await heard()).some(isMark), "the block of an id alone");
    assertEquals((await heard()).find(isMark)?.lastEventId, moved);
    proxy.cut();
    await write(9, 4);
    await until(() => asked.length === 2, "it has come back");
    await write(13, 2);
    await until(async () => idsOf(await heard(), "tick").length >= 11, "what it missed and what came since");
    assertEquals(asked, [null, moved]);
    const all = await heard();
    const tickEpoch = tick.slice("tick:".length, tick.indexOf("-"));
    const seqs = [2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15];
    assertEquals(idsOf(all, "tick"), seqs.map((seq) => `${tickEpoch}-${seq}`));
    assertEquals(idsOf(all, "minute"), [`${epoch}-1`]);
    const names = all.map(({ name }) => name);
    assertEquals(names.filter((name) => name === "hello" || name === "subscribed"), [
      "hello",
      "subscribed",
      "hello",
      "subscribed",
    ]);
    assert(!["gap", "warning", "fault", "message"].some((name) => names.includes(name)), names.join());
  },
});
