/** Everything a polled server, or what stands at its address, can do wrong, a line each; and what `GET /ws` may answer. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { face, trade } from "./hostile_rig.ts";

const good = (seq: number, over: Record<string, unknown> = {}) => ({
  stream: "tick",
  cursor: `tick:aaaaaaaa-${seq}`,
  events: [trade(seq)],
  gap: null,
  ...over,
});

interface Row {
  readonly name: string;
  /** What the second poll is answered with; the first and the third bring the events 1 and 2. */
  readonly answer: unknown;
  readonly prices?: readonly number[];
  readonly garbage?: number;
  readonly repeats?: number;
  readonly gaps?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: "elements that are no events",
    answer: good(1, { events: [null, 5, {}, trade(1, { t: null })] }),
    garbage: 4,
  },
  { name: "the same again", answer: good(1), repeats: 1 },
  { name: "a wrong order", answer: good(5, { events: [trade(5), trade(4)] }), prices: [1, 5], repeats: 2 },
  { name: "a gap that is no gap", answer: good(1, { events: [], gap: "yes" }), gaps: ["null unknown"] },
  {
    name: "a gap with places that are no text",
    answer: good(1, { events: [], gap: { after: 5, before: [], lost: {} } }),
    gaps: ["null unknown"],
  },
  {
    name: "a gap that says it is of another stream",
    answer: good(1, { events: [], gap: { stream: 5, lost: 2, cause: "slow" } }),
    gaps: ["2 slow"],
  },
  {
    name: "a gap between events",
    answer: good(9, {
      events: [trade(1), trade(9)],
      gap: { after: "aaaaaaaa-1", before: "aaaaaaaa-9", lost: 7, cause: "upstream" },
    }),
    prices: [1, 9],
    gaps: ["7 upstream"],
    repeats: 2,
  },
  {
    name: "members of every object",
    answer: JSON.parse('{"__proto__":{"then":1},"constructor":5,"cursor":"tick:aaaaaaaa-1","events":[]}'),
  },
  { name: "a then", answer: good(1, { then: "fatal", code: "X", events: [] }) },
  { name: "a cursor that goes back", answer: good(1, { cursor: "tick:aaaaaaaa-0", events: [] }) },
];

for (const row of ROWS) {
  Deno.test({
    name: `a poll is answered with ${row.name}, and the client says what it must and goes on`,
    permissions: "none",
    async fn() {
      using told = face("poll");
      const answers = [good(1), row.answer, good(2)];
      told.net.onRequest = (_, signal) => {
        const answer = answers.shift();
        return answer === undefined ? held(signal) : Response.json(answer);
      };
      await told.net.pass(3000);
      assertEquals(told.prices, row.prices ?? [1, 2]);
      assertEquals(told.gaps.map(({ lost, cause }) => `${lost} ${cause}`), row.gaps ?? []);
      assertEquals(told.errors.map(({ code }) => code), row.garbage ? ["BAD_MESSAGE"] : []);
      assertEquals([told.client.stats.garbage, told.client.stats.repeats], [
        row.garbage ?? 0,
        row.repeats ?? 0,
      ]);
      assertEquals(told.client.status.state, "open");
    },
  });
}

/** A poll that is held until its client leaves. */
const held = (signal: AbortSignal) =>
  new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

const html = (status: number) => new Response("<html>", { status, headers: { "content-type": "text/html" } });
const json = (value: unknown, status = 200) => Response.json(value, { status });

const ANSWERS: readonly (readonly [name: string, answer: () => Response, code: string, says: RegExp])[] = [
  ["a page with 200", () => html(200), "HTTP_200", /is this the address/],
  ["null", () => json(null), "HTTP_200", /is this the address/],
  ["a list", () => json([]), "HTTP_200", /is this the address/],
  ["a text", () => json("x"), "HTTP_200", /is this the address/],
  ["an answer without a cursor", () => json({ events: [] }), "HTTP_200", /is this the address/],
  ["a cursor that is no text", () => json({ cursor: 5, events: [] }), "HTTP_200", /is this the address/],
  ["events that are no list", () => json(good(1, { events: {} })), "HTTP_200", /is this the address/],
  [
    "half an answer",
    () => new Response('{"cursor":"tick:aaaaaaaa-1","events":['),
    "HTTP_200",
    /is this the address/,
  ],
  ["a page with 404", () => html(404), "HTTP_404", /is this the address/],
  [
    "a route that is not there",
    () => json({ error: { code: "NOT_FOUND", message: "no such route" } }, 404),
    "NOT_FOUND",
    /no such route/,
  ],
  ["a page with 503", () => html(503), "HTTP_503", /in trouble/],
];

for (const [name, answer, code, says] of ANSWERS) {
  Deno.test({
    name:
      `where polls should be answered there is ${name}: never called open, said in words to act on, given up in the end`,
    permissions: "none",
    async fn() {
      using told = face("poll");
      told.net.onRequest = answer;
      await told.net.pass(120_000, 4000);
      assertEquals([told.errors[0]?.code, told.errors[0]?.fatal], [code, false]);
      assertMatch(told.errors.at(-1)?.message ?? "", says);
      assertEquals([told.errors.at(-1)?.code, told.net.requests.length], ["GAVE_UP", 6]);
      assert(told.statuses.every(({ state }) => state !== "open"));
    },
  });
}

Deno.test({
  name: "a server that doesn't wait, or tells the same for ever, is not asked in a circle",
  permissions: "none",
  async fn() {
    for (const answer of [good(1, { events: [] }), good(1), good(1, { gap: { lost: 1, cause: "slow" } })]) {
      using told = face("poll");
      told.net.onRequest = () => json(answer);
      await told.net.pass(20_000, 500);
      assert(told.net.requests.length <= 25, String(told.net.requests.length));
      assert(told.prices.length <= 1);
    }
  },
});

Deno.test({
  name:
    "an answer without end is read no further than a message may be long, one that breaks off is a broken connection",
  permissions: "none",
  async fn() {
    using endless = face("poll");
    let chunks = 0;
    const chunk = new TextEncoder().encode(" ".repeat(1024 * 1024));
    endless.net.onRequest = () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(chunks++ ? chunk : chunk.slice(1)) }),
      );
    await endless.net.run(200);
    assert(chunks > 5 && chunks < 40, `${chunks} MiB`);
    assertEquals(endless.errors[0]?.code, "HTTP_200");
    using broken = face("poll");
    broken.net.onRequest = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError("cut")) }));
    await broken.net.run(10);
    assertEquals(broken.errors[0]?.code, "NETWORK");
  },
});

Deno.test({
  name: "a poll that is never answered is left after its time",
  permissions: "none",
  async fn() {
    using told = face("poll");
    let n = 0;
    told.net.onRequest = (_, signal) => n++ === 0 ? json(good(1)) : held(signal);
    await told.net.pass(40_000, 1000);
    assert(told.net.requests.length >= 3);
    assertEquals(told.prices, [1]);
  },
});

Deno.test({
  name: "a stream that is refused for itself is told once and asked again, and the others go on",
  permissions: "none",
  async fn() {
    using told = face("poll");
    const seen: number[] = [];
    told.client.subscribe({ streams: ["minute"] }, { onEvents: ({ events }) => seen.push(events.length) });
    let isKnown = false;
    told.net.onRequest = (url, signal) => {
      if (url.pathname !== "/events/minute") {
        return url.searchParams.has("cursor") ? held(signal) : json(good(1));
      }
      if (!isKnown) return json({ error: { code: "UNKNOWN_STREAM", message: "only tick here" } }, 404);
      return url.searchParams.has("cursor")
        ? held(signal)
        : json({ ...good(1), cursor: "minute:aaaaaaaa-1" });
    };
    await told.net.pass(25_000, 1000);
    assertEquals(told.errors.filter(({ code }) => code === "UNKNOWN_STREAM").length, 1);
    assertEquals([told.prices, told.client.status.state], [[1], "open"]);
    isKnown = true;
    await told.net.pass(6_000, 1000);
    assertEquals(seen, [1]);
  },
});

/** What `GET /ws` says after a failed upgrade, and what follows: the code told first, and the transport tried next. */
const REASONS: readonly (readonly [name: string, answer: () => Response, code: string, next: string])[] = [
  ["426", () => json({}, 426), "BLOCKED", "websocket"],
  [
    "503 with a reason",
    () => json({ error: { code: "WS_DISABLED", message: "off" } }, 503),
    "WS_DISABLED",
    "sse",
  ],
  ["a page with 503", () => html(503), "HTTP_503", "sse"],
  ["a page with 200", () => html(200), "HTTP_200", "websocket"],
  ["404", () => html(404), "HTTP_404", "sse"],
  [
    "429",
    () => json({ error: { code: "RATE_LIMITED", message: "slower" } }, 429),
    "RATE_LIMITED",
    "websocket",
  ],
  [
    "a refused token",
    () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401),
    "UNAUTHORIZED",
    "none",
  ],
  [
    "nothing at all",
    () => {
      throw new TypeError("refused");
    },
    "NETWORK",
    "websocket",
  ],
];

for (const [name, answer, code, next] of REASONS) {
  Deno.test({
    name: `a WebSocket that can't be opened, and GET /ws answers ${name}: ${code}, then ${next}`,
    permissions: "none",
    async fn() {
      using told = face("websocket", { transports: ["websocket", "sse", "poll"] });
      told.net.onRequest = (url, signal) => url.pathname === "/ws" ? answer() : held(signal);
      await told.net.run(12);
      assertEquals(told.errors[0]?.code, code);
      const { status } = told.client;
      assertEquals("transport" in status ? status.transport : "none", next);
    },
  });
}
