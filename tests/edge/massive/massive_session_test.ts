import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { MassiveSession } from "../../../src/edge/massive/massive_session.ts";
import {
  NOT_AUTHORIZED,
  subscribedTo,
  SUBSCRIPTION_LIMIT,
  unsubscribedTo,
} from "../../../src/edge/massive/massive_status.ts";
import { HeldTopics, parseTopics, TOPICS_MAX } from "../../../src/edge/massive/massive_topics.ts";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { patternList, symbolPatterns } from "../../../src/feed/symbol.ts";
import type { Market } from "../../../src/feed/wire_fields.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const say = (action: string, params: unknown) => JSON.stringify({ action, params });

function admitted(market: Market, over: Partial<Principal> = {}): MassiveSession {
  const session = new MassiveSession(market);
  session.admit({ ...anonymous("premium"), ...over });
  return session;
}

/** Says the messages in turn; gives what the last one led to, as texts. */
function answers(
  market: Market,
  messages: readonly string[],
  over: Partial<Principal> = {},
): readonly string[] {
  const session = admitted(market, over);
  let last: readonly string[] = [];
  for (const message of messages) {
    const reply = session.receive(message);
    last = reply.kind === "acks" ? reply.statuses : [];
  }
  return last;
}

const TABLE:
  readonly (readonly [name: string, market: Market, messages: readonly string[], told: readonly string[]])[] =
    [
      [
        "one status object per accepted pair, in the order of the request",
        "stocks",
        [say("subscribe", "T.AAPL,A.MSFT,AM.*,FMV.BRK.B")],
        [subscribedTo("T.AAPL"), subscribedTo("A.MSFT"), subscribedTo("AM.*"), subscribedTo("FMV.BRK.B")],
      ],
      ["spaces after commas are forgiven", "stocks", [say("subscribe", "T.AAPL, T.MSFT")], [
        subscribedTo("T.AAPL"),
        subscribedTo("T.MSFT"),
      ]],
      ["an unknown symbol is acknowledged like any other", "stocks", [say("subscribe", "T.NOTATICKER")], [
        subscribedTo("T.NOTATICKER"),
      ]],
      ["an unknown prefix is met with silence", "stocks", [say("subscribe", "ZZ.AAPL")], []],
      ["the other market's prefixes are met with silence", "stocks", [say("subscribe", "XT.BTC-USD")], []],
      ["a pair already held is met with silence", "stocks", [
        say("subscribe", "T.AAPL"),
        say("subscribe", "T.AAPL"),
      ], []],
      ["a pair named twice is acknowledged once", "stocks", [say("subscribe", "T.AAPL,T.AAPL")], [
        subscribedTo("T.AAPL"),
      ]],
      ["a star beside a name is a pair of its own", "stocks", [
        say("subscribe", "T.*"),
        say("subscribe", "T.AAPL"),
      ], [
        subscribedTo("T.AAPL"),
      ]],
      ["unsubscribing a held pair is acknowledged in Massive's wording", "stocks", [
        say("subscribe", "T.AAPL"),
        say("unsubscribe", "T.AAPL"),
      ], [unsubscribedTo("T.AAPL")]],
      [
        "unsubscribing a pair that is not held is met with silence",
        "stocks",
        [say("unsubscribe", "T.AAPL")],
        [],
      ],
      ["a channel that is not carried is refused first, the rest confirmed", "stocks", [
        say("subscribe", "T.AAPL,Q.AAPL,LULD.*,A.AAPL"),
      ], [NOT_AUTHORIZED, NOT_AUTHORIZED, subscribedTo("T.AAPL"), subscribedTo("A.AAPL")]],
      ["crypto has its own prefixes and pairs", "crypto", [
        say("subscribe", "XT.BTC-USD,XAS.*,XA.ETH-USD,FMV.BTC-USD"),
      ], [
        subscribedTo("XT.BTC-USD"),
        subscribedTo("XAS.*"),
        subscribedTo("XA.ETH-USD"),
        subscribedTo("FMV.BTC-USD"),
      ]],
      ["crypto in our own spelling is the same pair", "crypto", [
        say("subscribe", "XT.BTC-USD"),
        say("subscribe", "XT.X:BTC-USD"),
      ], []],
      ["an unknown action is met with silence", "stocks", [say("ping", "")], []],
    ];

for (const [name, market, messages, told] of TABLE) {
  pure(`the Massive-compatible door: ${name}`, () => assertEquals(answers(market, messages), told));
}

pure("rights hold at the door: streams and symbols outside the token are not authorized", () => {
  const rights = { streams: new Set(["tick"]), symbols: symbolPatterns(["AAPL", "MS*"]) };
  assertEquals(answers("stocks", [say("subscribe", "T.AAPL,AM.AAPL,T.MSFT,T.NVDA,T.*")], rights), [
    NOT_AUTHORIZED,
    NOT_AUTHORIZED,
    NOT_AUTHORIZED,
    subscribedTo("T.AAPL"),
    subscribedTo("T.MSFT"),
  ]);
  assertEquals(answers("crypto", [say("subscribe", "XT.*")], { symbols: symbolPatterns(["X:*"]) }), [
    subscribedTo("XT.*"),
  ]);
});

pure("nothing is answered before the token was accepted, and the token is asked for in order", () => {
  const session = new MassiveSession("stocks");
  assertEquals(session.receive(say("subscribe", "T.AAPL")), { kind: "silence", why: "not_authenticated" });
  assertEquals(session.receive(say("auth", "a-token")), { kind: "auth", token: "a-token" });
  assertEquals(session.receive(say("auth", 7)), { kind: "auth", token: "" });
});

pure("a request over the limit is refused whole and changes nothing", () => {
  const session = admitted("stocks");
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => `T.S${from + n}`).join(",");
  session.receive(say("subscribe", many(0, TOPICS_MAX - 1)));
  assertEquals(session.receive(say("subscribe", many(TOPICS_MAX, 2))), {
    kind: "acks",
    statuses: [SUBSCRIPTION_LIMIT],
    changed: false,
  });
  assertEquals(session.held.size, TOPICS_MAX - 1);
  session.receive(say("unsubscribe", "T.S0"));
  assertEquals(session.receive(say("subscribe", many(TOPICS_MAX, 2))).kind, "acks");
});

pure("a pair named twice takes one place, and is refused once", () => {
  const session = new MassiveSession("crypto", 2);
  session.admit(anonymous("premium"));
  session.receive(say("subscribe", "XT.A-USD"));
  assertEquals(session.receive(say("subscribe", "XT.B-USD,XT.X:B-USD,XT.B-USD")), {
    kind: "acks",
    statuses: [subscribedTo("XT.B-USD")],
    changed: true,
  });
  assertEquals(answers("stocks", [say("subscribe", "Q.AAPL,Q.AAPL,T.AAPL")]), [
    NOT_AUTHORIZED,
    subscribedTo("T.AAPL"),
  ]);
});

pure("whatever a client says, it is answered with a value and never with a throw", () => {
  const hostile = [
    "",
    "null",
    "7",
    "[]",
    "{",
    '{"action":{}}',
    '{"__proto__":{"action":"subscribe"}}',
    '{"action":"subscribe","params":{"a":1}}',
    '{"action":"subscribe","params":",,,.,T.,.AAPL,T"}',
    '{"action":"subscribe","params":"T.A\\u0000B,T.\\r\\nX,T.💥,T.__proto__"}',
    "\ufeff{}",
    `${"[".repeat(10_000)}`,
    `{"action":"subscribe","params":"${"T.A,".repeat(4000)}"}`,
  ];
  for (const text of hostile) {
    const session = admitted("stocks");
    session.receive(text);
    assertEquals(session.held.size <= 1, true, text.slice(0, 60));
  }
});

pure("fuzz: any text keeps the session within its bounds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.json(), fc.string().map((s) => say("subscribe", `T.${s}`)))),
      (texts) => {
        const session = admitted("stocks");
        for (const text of texts) session.receive(text);
        return session.held.size <= TOPICS_MAX;
      },
    ),
    { numRuns: 300 },
  );
});

pure("what is wanted of a stream is the union of its channels, and a star stays in its market", () => {
  const stocks = new HeldTopics("stocks");
  for (const topic of parseTopics("stocks", "T.AAPL,A.MSFT,AM.*")) stocks.add(topic);
  assertEquals(patternList(stocks.patternsOf("tick") ?? symbolPatterns([])), ["AAPL", "MSFT"]);
  assertEquals(patternList(stocks.patternsOf("minute") ?? symbolPatterns([])), ["*"]);
  assertEquals(stocks.patternsOf("fmv"), undefined);
  assertEquals([stocks.wants("trade", "AAPL"), stocks.wants("second", "AAPL")], [true, false]);
  const crypto = new HeldTopics("crypto");
  for (const topic of parseTopics("crypto", "XT.*")) crypto.add(topic);
  assertEquals(patternList(crypto.patternsOf("tick") ?? symbolPatterns([])), ["X:*"]);
});

pure(
  "programs that want all of the same channels share their messages, until one of them changes its mind",
  () => {
    const held = new HeldTopics("stocks");
    const [trades, bars, one] = parseTopics("stocks", "T.*,A.*,T.AAPL");
    assertEquals(held.shareKey("tick"), "");
    if (trades) held.add(trades);
    assertEquals(held.shareKey("tick"), "trade");
    if (bars) held.add(bars);
    if (one) held.add(one);
    assertEquals([held.shareKey("tick"), held.shareKey("minute")], ["second,trade", ""]);
    if (trades) held.remove(trades);
    assertEquals(held.shareKey("tick"), undefined);
  },
);
