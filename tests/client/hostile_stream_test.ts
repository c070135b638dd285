/** Everything an event stream, or what stands at its address, can do wrong, a line each. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { block, eventStream, face, hello, trade } from "./hostile_rig.ts";

interface Row {
  readonly name: string;
  /** Texts after the hello; the events 1 and 2 come before and after them. */
  readonly say: readonly string[];
  readonly prices?: readonly number[];
  readonly garbage?: number;
  readonly repeats?: number;
  readonly gaps?: readonly string[];
  readonly errors?: readonly string[];
}

const one = (seq: number, id = `tick:aaaaaaaa-${seq}`) => block("tick", [trade(seq)], id);

const ROWS: readonly Row[] = [
  { name: "data that is no JSON", say: [block("tick", "[{")], garbage: 1 },
  {
    name: "data of the wrong kind",
    say: [block("tick", 5), block("tick", {}), block("tick", "null")],
    garbage: 3,
  },
  {
    name: "control messages of the wrong kind",
    say: ["gap", "snapshot"].flatMap((
      name,
    ) => [block(name, 5), block(name, "null"), block(name, "[]"), block(name, '"x"')]),
    garbage: 8,
  },
  {
    name: "a control message that is one long text",
    say: [block("heartbeat", JSON.stringify("x".repeat(1e6)))],
  },
  { name: "an event name of every object", say: [block("__proto__", []), block("constructor", [trade(7)])] },
  { name: "the default event", say: ["data: []\n\n", "data: hello\n\n"], garbage: 1 },
  {
    name: "comments, blank blocks, lines that are none",
    say: [": hi\n\n", "\n\n\n", "what is this\n\n", "id\n\n"],
  },
  { name: "a block cut anywhere", say: [...one(3)], prices: [1, 3], repeats: 1 },
  {
    name: "a block of many data lines",
    say: ["event: tick\ndata: [\ndata: " + JSON.stringify(trade(3)) + "\ndata: ]\n\n"],
    prices: [1, 3],
    repeats: 1,
  },
  { name: "repeats and a wrong order", say: [one(1), one(5), one(4)], prices: [1, 5], repeats: 3 },
  {
    name: "ids that are no cursors",
    say: [block("heartbeat", {}, "%%%"), "id: x\n\n", "id: tick:aaaaaaaa-0x5\n\n"],
  },
  { name: "a retry that is no number, and one for never", say: ["retry: soon\n\n", "retry: -1\n\n"] },
  {
    name: "a gap of nonsense",
    say: [block("gap", { stream: "tick", lost: "many", after: 5, cursor: 9 })],
    gaps: ["null unknown"],
  },
  {
    name: "a fault that the stream survives",
    say: [block("fault", { code: "UNKNOWN_SYMBOL", message: "no XYZ" })],
    errors: ["UNKNOWN_SYMBOL"],
  },
  { name: "a fault without words", say: [block("fault", "null")], errors: ["UNKNOWN"] },
];

for (const row of ROWS) {
  Deno.test({
    name: `an event stream has ${row.name}, and the client says what it must and goes on`,
    permissions: "none",
    async fn() {
      using told = face("sse");
      told.net.onRequest = () => eventStream([block("hello", hello), one(1), ...row.say, one(2)]);
      await told.net.run(40);
      assertEquals(told.prices, row.prices ?? [1, 2]);
      assertEquals(told.gaps.map(({ lost, cause }) => `${lost} ${cause}`), row.gaps ?? []);
      const errors = row.errors ?? (row.garbage ? ["BAD_MESSAGE"] : []);
      assertEquals(told.errors.map(({ code }) => code), errors);
      assertEquals([told.client.stats.garbage, told.client.stats.repeats], [
        row.garbage ?? 0,
        row.repeats ?? 0,
      ]);
      assertEquals([told.client.status.state, told.net.requests.length], ["open", 1]);
    },
  });
}

interface Answer {
  readonly name: string;
  readonly answer: () => Response;
  /** Code and words of the first error. */
  readonly code: string;
  readonly says: RegExp;
  /** It stops at once; else it is tried six times and given up. */
  readonly isFatal?: true;
}

const html = (status: number) => new Response("<html>", { status, headers: { "content-type": "text/html" } });
const json = (status: number, error: unknown) => Response.json({ error }, { status });

const ANSWERS: readonly Answer[] = [
  {
    name: "a page with 200",
    answer: () => html(200),
    code: "HTTP_200",
    says: /text\/html.*is this the address/,
  },
  { name: "JSON with 200", answer: () => json(200, {}), code: "HTTP_200", says: /application\/json/ },
  {
    name: "204 and nothing",
    answer: () => new Response(null, { status: 204 }),
    code: "HTTP_204",
    says: /answered 204/,
  },
  { name: "a page with 404", answer: () => html(404), code: "HTTP_404", says: /is this the address/ },
  {
    name: "a page with 502",
    answer: () => html(502),
    code: "HTTP_502",
    says: /a proxy before it is in trouble/,
  },
  {
    name: "500 of the server's own",
    answer: () => json(500, { code: "INTERNAL", message: "failed inside" }),
    code: "INTERNAL",
    says: /failed inside/,
  },
  { name: "a page with 403", answer: () => html(403), code: "HTTP_403", says: /answered 403/, isFatal: true },
  {
    name: "403 of the server's own",
    answer: () => json(403, { code: "FORBIDDEN", message: "not for you" }),
    code: "FORBIDDEN",
    says: /not for you/,
    isFatal: true,
  },
  {
    name: "401 to a token that can't be renewed",
    answer: () => json(401, { code: "UNAUTHORIZED", message: "who?" }),
    code: "UNAUTHORIZED",
    says: /who\?/,
    isFatal: true,
  },
  {
    name: "a stream that ends at once",
    answer: () => eventStream([], true),
    code: "NETWORK",
    says: /\/sse ended/,
  },
  {
    name: "half a block and the end",
    answer: () => eventStream([block("hello", hello).slice(0, -9)], true),
    code: "NETWORK",
    says: /\/sse ended/,
  },
  {
    name: "200, a fault and a retry",
    answer: () =>
      eventStream(["retry: 3000\n\n", block("fault", { code: "OVERLOADED", message: "full for now" })], true),
    code: "OVERLOADED",
    says: /full for now/,
  },
  {
    name: "a block without end",
    answer: () =>
      eventStream([
        block("hello", hello),
        "data: ",
        "x".repeat(17 * 1024 * 1024),
      ]),
    code: "BAD_MESSAGE",
    says: /more than a message may hold/,
  },
];

for (const row of ANSWERS) {
  Deno.test({
    name: `where an event stream should be there is ${row.name}: said in words to act on, ${
      row.isFatal ? "and that is the end" : "tried again, given up in the end"
    }`,
    permissions: "none",
    async fn() {
      using told = face("sse");
      told.net.onRequest = () => row.answer();
      await told.net.pass(120_000, 1000);
      const [first] = told.errors;
      assertEquals([first?.code, first?.fatal], [row.code, row.isFatal ?? false]);
      assertMatch(first?.message ?? "", row.says);
      assertEquals(told.net.requests.length, row.isFatal ? 1 : 6);
      assertEquals(told.client.status.state, "closed");
      if (row.isFatal) return;
      const last = told.errors.at(-1);
      assertEquals([last?.code, last?.fatal], ["GAVE_UP", true]);
      assertMatch(last?.message ?? "", row.says);
    },
  });
}

Deno.test({
  name: "an address that leads on to another server's page says where it leads",
  permissions: "none",
  async fn() {
    using told = face("sse");
    told.net.onRequest = () =>
      Object.defineProperties(html(200), {
        redirected: { value: true },
        url: { value: "https://login.test/?token=secret" },
      });
    await told.net.run(10);
    assertEquals(
      told.errors[0]?.message,
      "http://edge.test/sse leads on to https://login.test/: give that server's address",
    );
  },
});

Deno.test({
  name:
    "429 and 503 with Retry-After, and retry: of a stream, are waited out, and longer rather than shorter",
  permissions: "none",
  async fn() {
    const answers: readonly (() => Response)[] = [
      () => new Response("{}", { status: 429, headers: { "retry-after": "20" } }),
      () => new Response("{}", { status: 503, headers: { "retry-after": "20" } }),
      () => eventStream(["retry: 20000\n\n"], true),
    ];
    for (const answer of answers) {
      using told = face("sse");
      told.net.onRequest = answer;
      await told.net.pass(19_500);
      assertEquals(told.net.requests.length, 1);
      const { status } = told.client;
      assert(status.state === "waiting" && status.retryInMs >= 20_000 && status.retryInMs <= 40_000);
      await told.net.pass(20_000);
      assertEquals(told.net.requests.length, 2);
    }
  },
});

Deno.test({
  name:
    "what is asked wrongly is told once, asked again from time to time, and heals by itself or by a change",
  permissions: "none",
  async fn() {
    using told = face("sse");
    let isKnown = false;
    told.net.onRequest = () =>
      isKnown
        ? eventStream([block("hello", hello), one(1)])
        : json(400, { code: "UNKNOWN_SYMBOL", message: "Cannot follow XYZ as tick does not carry it" });
    await told.net.pass(100_000, 5000);
    assertEquals(told.errors.map(({ code, fatal }) => [code, fatal]), [["UNKNOWN_SYMBOL", false]]);
    assertEquals(told.client.status.state, "open");
    assert(told.net.requests.length >= 4 && told.net.requests.length <= 8, String(told.net.requests.length));
    isKnown = true;
    await told.net.pass(20_000, 1000);
    assertEquals(told.prices, [1]);
  },
});

Deno.test({
  name: "a stream that goes silent is left, and one that never says hello too",
  permissions: "none",
  async fn() {
    using silent = face("sse");
    silent.net.onRequest = () => eventStream([block("hello", hello)]);
    await silent.net.pass(30_000, 1000);
    assertEquals(silent.errors[0]?.code, "STALLED");
    using mute = face("sse");
    mute.net.onRequest = () => eventStream([]);
    await mute.net.pass(12_000, 1000);
    assertMatch(mute.errors[0]?.message ?? "", /No answer over sse in time/);
  },
});

Deno.test({
  name: "a stream whose fetch does not end its body with its signal is left all the same",
  permissions: "none",
  async fn() {
    using told = face("sse");
    const left: string[] = [];
    told.net.onRequest = () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(block("hello", hello))),
          cancel: () => void left.push("left"),
        }),
        { headers: { "content-type": "text/event-stream" } },
      );
    await told.net.run(40);
    assertEquals([told.client.status.state, left], ["open", []]);
    told.client.disconnect();
    await told.net.run(40);
    assertEquals(left, ["left"]);
  },
});
