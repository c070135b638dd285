/**
 * Every kind of element through the whole program, upstream to door, value for value: what the upstream says is what a program
 * at the door is told, members nobody has heard of yet among it, until it unsubscribes.
 */
import { assertEquals } from "@std/assert";
import type { WebSocket as ServerSocket } from "ws";
import { MassiveClient } from "../support/massive_client.ts";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";
import { wireBar, wireFairValue, wireTrade } from "../support/wire_factory.ts";
import { wsUpstream } from "../support/ws_upstream.ts";

const WITHIN_MS = 20_000;

/** What Massive may say tomorrow: beside what it says today, and never twice the same. */
const tomorrow = (n: number) => ({
  zz: n,
  new_text: 'née "x" \\ \u2028',
  nested: { list: [1, -0.5, 1e-7, null, true, { deep: [] }], empty: {} },
  absent: null,
});

/** An element as text, with members of tomorrow put in where digits have to stay as they are. */
const withTomorrow = (element: string, n: number): string =>
  `${element.slice(0, -1)},${JSON.stringify(tomorrow(n)).slice(1)}`;

type Element = Record<string, unknown>;
const text = (element: Element) => JSON.stringify(element);

/** Elements of each channel, two of each symbol's; bars of windows that follow each other. */
const SCRIPTS: Readonly<Record<"stocks" | "crypto", Readonly<Record<string, (n: number) => string>>>> = {
  stocks: {
    T: (n) => text(wireTrade({ i: `${n}`, c: [12, 37], trfi: 4, trft: 1_772_463_600_001, ds: "0.5" })),
    A: (n) => text(wireBar({ s: 1_772_463_600_000 + n * 1000, e: 1_772_463_601_000 + n * 1000, otc: true })),
    AM: (n) =>
      text(wireBar({ ev: "AM", s: 1_772_463_600_000 + n * 60_000, e: 1_772_463_660_000 + n * 60_000 })),
    FMV: (n) => wireFairValue("AAPL", `17724636${10_000 + n}120843`),
  },
  crypto: {
    XT: (n) =>
      text({
        ev: "XT",
        pair: "BTC-USD",
        p: 33021.9 + n,
        t: 1_772_463_600_000,
        s: 0.01616617,
        c: [2],
        i: n,
        x: 23,
        r: 3,
      }),
    XAS: (n) => text(cryptoBar("XAS", 1000, n)),
    XA: (n) => text(cryptoBar("XA", 60_000, n)),
    FMV: (n) => wireFairValue("X:BTC-USD", `17724636${10_000 + n}000001`, 33_000.25),
  },
};

function cryptoBar(ev: string, widthMs: number, n: number): Element {
  const { sym: _sym, ...bar } = wireBar();
  const s = 1_772_463_600_000 + n * widthMs;
  return { ...bar, ev, pair: "BTC-USD", s, e: s + widthMs };
}

/** JSON values in one spelling: members by name, numbers past 2^53 as they are written. */
function canonical(element: string): string {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === "object" && value !== null
      ? Object.fromEntries(
        Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]),
      )
      : value;
  return JSON.stringify(sorted(JSON.parse(element.replace(/:(\d{16,})(?=[,}])/g, ':"$1"'))));
}

const status = (name: string, message: string) => JSON.stringify([{ ev: "status", status: name, message }]);

/** An upstream that confirms everything; `send` goes to whoever subscribed that channel. */
async function scriptedUpstream() {
  const holders = new Map<string, ServerSocket>();
  const server = await wsUpstream((socket) => {
    socket.send(status("connected", "Connected Successfully"));
    socket.on("message", (data) => {
      const { action, params } = JSON.parse(String(data));
      if (action === "auth") return socket.send(status("auth_success", "authenticated"));
      for (const topic of String(params).split(",")) {
        holders.set(topic.slice(0, topic.indexOf(".")), socket);
        socket.send(status("success", `${action}d to: ${topic}`));
      }
    });
  });
  return {
    url: server.url,
    holders,
    send: (channel: string, ...elements: readonly string[]) =>
      holders.get(channel)?.send(`[${elements.join(",")}]`),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The elements a program was told that are events, in one spelling. */
const eventsOf = ({ frames }: MassiveClient): string[] =>
  frames.flatMap((frame) => {
    const elements: Element[] = JSON.parse(frame.replace(/:(\d{16,})(?=[,}])/g, ':"$1"'));
    return elements.filter(({ ev }) => ev !== "status").map((element) => canonical(JSON.stringify(element)));
  });

/** Subscriptions confirmed so far. */
const acknowledged = ({ statuses }: MassiveClient): number =>
  statuses.filter((one) => one.startsWith("success: subscribed to:")).length;

for (const market of ["stocks", "crypto"] as const) {
  const channels = Object.keys(SCRIPTS[market]);
  Deno.test(`${channels.join(", ")} of ${market} come through the door value for value, with members of tomorrow, until unsubscribed`, async () => {
    await using upstream = await scriptedUpstream();
    await using running = await startRunning({
      MASSIVE_API_KEY: "key",
      MASSIVE_REALTIME_URL: upstream.url,
      MASSIVE_BUSINESS_URL: upstream.url,
      MASSIVE_MARKETS: market,
      DATA_FREQUENCIES: "tick,minute,fmv",
      TICK_EVENTS: "A,T",
      LOG_LEVEL: "error",
    });
    await until(() => channels.every((channel) => upstream.holders.has(channel)), "all channels", WITHIN_MS);
    const door = `${running.base.replace("http", "ws")}/massive/${market}`;
    await using client = await MassiveClient.subscribed(
      door,
      channels.map((channel) => `${channel}.*`).join(),
    );
    await client.until(() => acknowledged(client) === channels.length);
    for (const [m, channel] of channels.entries()) {
      const script = SCRIPTS[market][channel] ?? (() => "");
      const said = [11, 12, 13].map((n) => withTomorrow(script(n), n));
      const had = eventsOf(client).length;
      upstream.send(channel, ...said);
      await client.until(() => eventsOf(client).length >= had + said.length, `${channel} at the door`);
      assertEquals(eventsOf(client).slice(had), said.map(canonical), channel);
      client.unsubscribe(`${channel}.*`);
      await client.until(() => client.statuses.some((one) => one.includes(`unsubscribed to: ${channel}.*`)));
      // Another channel tells when this one would have come; behind the last it is the first, subscribed again.
      upstream.send(channel, withTomorrow(script(14), 14));
      const next = channels[m + 1] ?? channels[0] ?? "";
      if (m + 1 === channels.length) client.subscribe(`${next}.*`);
      await client.until(() =>
        acknowledged(client) === channels.length + (m + 1 === channels.length ? 1 : 0)
      );
      const tells = withTomorrow((SCRIPTS[market][next] ?? (() => ""))(10), 10);
      upstream.send(next, tells);
      await client.until(() => eventsOf(client).includes(canonical(tells)), `${next} behind ${channel}`);
      assertEquals(eventsOf(client).length, had + said.length + 1, `${channel} after it was unsubscribed`);
    }
  });
}
