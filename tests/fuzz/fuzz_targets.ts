/**
 * Every parser that meets outside bytes, with what holds whatever they are: it answers with a value or refuses with a code of ours, and
 * what it accepts keeps its bounds. A target returns; a throw is a finding.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { bearerToken } from "../../src/edge/admin/admin_guard.ts";
import { principalOf } from "../../src/edge/admit/auth_claims.ts";
import { cookieToken, protocolToken, refuseTokenInUrl } from "../../src/edge/admit/auth_request.ts";
import { tokenVerifier } from "../../src/edge/admit/auth_token.ts";
import { clientAddress, trustedRanges } from "../../src/edge/admit/client_address.ts";
import { parseRange } from "../../src/edge/admit/ip_address.ts";
import { isAllowedOrigin } from "../../src/edge/admit/origin_check.ts";
import { readCommand, SYMBOLS_MAX } from "../../src/edge/deliver/client_commands.ts";
import { readQuery } from "../../src/edge/deliver/subscription_query.ts";
import { readElements } from "../../src/edge/massive/massive_frame.ts";
import { MassiveSession } from "../../src/edge/massive/massive_session.ts";
import { TOPICS_MAX } from "../../src/edge/massive/massive_topics.ts";
import { anonymous } from "../../src/edge/admit/principal.ts";
import { formatCursor, parseCursor } from "../../src/feed/cursor.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { FeedEvent } from "../../src/feed/event.ts";
import { encodeEvent, peekElement, stampBody } from "../../src/feed/event_text.ts";
import { IngestHealth, PublishedPlan } from "../../src/feed/health.ts";
import { parsePattern } from "../../src/feed/symbol.ts";
import { readCommand as readControl } from "../../src/ingest/control/control_commands.ts";
import { parseFrame } from "../../src/ingest/wire/parse_frame.ts";
import { readReplayLine } from "../../src/simulator/replay/replay_line.ts";
import { parseHint } from "../../src/store/redis/hint_text.ts";
import { A_MONDAY, aFairValue, aMinute, aTrade } from "../support/event_factory.ts";
import { anIngestHealth, aPlan } from "../support/ingest_health_factory.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { secretSettings, unsignedToken } from "../support/token_factory.ts";

/** One parser. */
export interface FuzzTarget {
  readonly name: string;
  readonly samples: readonly [string, ...string[]];
  readonly hold: (text: string) => void | Promise<void>;
}

/** Runs what may refuse; anything but our own refusal is a finding. */
function refusing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assertInstanceOf(error, TickcastError);
    return undefined;
  }
}

/** Headers take no line breaks and no wide characters: what could not be sent is not tried. */
function asRequest(headers: Readonly<Record<string, string>>): Request | undefined {
  try {
    return new Request("http://edge.example/ws", { headers });
  } catch {
    return undefined;
  }
}

function asUrl(query: string): URL | undefined {
  return URL.canParse(`http://edge.example/sse?${query}`)
    ? new URL(`http://edge.example/sse?${query}`)
    : undefined;
}

const nowS = Math.floor(A_MONDAY / 1000);
const verify = tokenVerifier({ jwt: secretSettings, defaultTier: "free" }, new ManualClock(A_MONDAY));
const proxies = trustedRanges(["10.0.0.0/8"]);
const element = (n: number) => stampBody(`k3f9a0b1-${n}`, encodeEvent(aTrade()).text);

const CLIENT: readonly FuzzTarget[] = [
  {
    name: "client messages",
    samples: [
      '{"action":"subscribe","streams":["tick"],"symbols":["AAPL","X:*"],"cursor":"tick:k3f9a0b1-1042","mode":"latest","max_hz":4,"fields":["price"],"snapshot":true,"id":1}',
      '{"action":"unsubscribe","streams":["tick"],"symbols":["AAPL"],"id":"a"}',
      '{"action":"ping","cursor":"tick:k3f9a0b1-1042"}',
      '{"action":"auth","token":"eyJhbGciOiJIUzI1NiJ9.e30.AAAA"}',
    ],
    hold(text) {
      const read = readCommand(text);
      if (!read.ok) assertInstanceOf(read.error, TickcastError);
      else if ("symbols" in read.command) assert((read.command.symbols?.length ?? 0) <= SYMBOLS_MAX);
    },
  },
  {
    name: "cursors",
    samples: ["tick:k3f9a0b1-1042,minute:k3f9a0b1-88", "tick.3:k3f9a0b1-7", "tick:0-0", "earliest"],
    hold(text) {
      const cursor = refusing(() => parseCursor(text));
      if (cursor !== undefined) assertEquals(parseCursor(formatCursor(cursor)), cursor);
    },
  },
  {
    name: "queries",
    samples: [
      "streams=tick,minute&symbols=AAPL,X:*&cursor=tick:k3f9a0b1-1042&mode=latest&max_hz=4&fields=price&snapshot=true&wait=25",
      "symbols=*&ticket=AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ],
    hold(text) {
      const url = asUrl(text);
      if (url === undefined) return;
      refusing(() => readQuery(url));
      refusing(() => refuseTokenInUrl(url));
    },
  },
  {
    name: "symbol patterns",
    samples: ["AAPL", "BRK.B", "X:BTC-USD", "BTC-USD", "X:*", "*"],
    hold: (text) => void refusing(() => parsePattern(text)),
  },
  {
    name: "Massive-compatible messages",
    samples: [
      '{"action":"subscribe","params":"T.AAPL,A.*, AM.BRK.B,FMV.*,Q.AAPL"}',
      '{"action":"unsubscribe","params":"T.*"}',
    ],
    hold(text) {
      for (const market of ["stocks", "crypto"] as const) {
        const session = new MassiveSession(market);
        session.admit(anonymous("premium"));
        session.receive(text);
        assert(session.held.size <= TOPICS_MAX);
      }
    },
  },
];

const IDENTITY: readonly FuzzTarget[] = [
  {
    name: "tokens",
    samples: [
      unsignedToken({ alg: "HS256" }, { exp: nowS + 60 }, "AAAA"),
      unsignedToken({ alg: "none" }, { exp: nowS + 60 }),
      unsignedToken({ alg: "HS256", kid: "x", crit: ["x"] }, { sub: "a", aud: ["b"] }, "AAAA"),
    ],
    async hold(text) {
      const outcome = await verify(text).then(() => "accepted", (error: unknown) => error);
      assertInstanceOf(outcome, TickcastError);
    },
  },
  {
    name: "claims",
    samples: [
      JSON.stringify({ sub: "a", exp: nowS, streams: ["tick"], symbols: ["AAPL", "X:*"], tier: "free" }),
      JSON.stringify({ exp: nowS, streams: "tick minute", symbols: "AAPL,*" }),
    ],
    hold(text) {
      let claims: unknown;
      try {
        claims = JSON.parse(text);
      } catch {
        return;
      }
      refusing(() => principalOf(claims, "free"));
    },
  },
  {
    name: "headers that carry tokens, origins and addresses",
    samples: [
      "tickcast.v1, bearer.eyJhbGciOi.e30.AAAA",
      "tickcast_token=abc; other=1",
      "Bearer abc",
      "1.1.1.1, 10.0.0.1",
      "https://app.example.com",
    ],
    hold(text) {
      const names = ["sec-websocket-protocol", "cookie", "authorization", "x-forwarded-for", "origin"];
      const request = asRequest(Object.fromEntries(names.map((name) => [name, text])));
      if (request === undefined) return;
      refusing(() => protocolToken(request));
      cookieToken(request);
      bearerToken(request);
      isAllowedOrigin(request, ["https://app.example.com"]);
      assertEquals(clientAddress("9.9.9.9", text, proxies), "9.9.9.9");
      clientAddress("10.0.0.1", text, proxies);
      parseRange(text);
    },
  },
];

const INSIDE: readonly FuzzTarget[] = [
  {
    name: "upstream frames",
    samples: [
      '[{"ev":"T","sym":"AAPL","i":"143541","x":4,"p":297.845,"s":40,"t":1781622376036,"pt":1781622376029,"q":4938312,"z":3,"c":[12],"trfi":202,"ds":"40.0"}]',
      '[{"ev":"A","sym":"AAPL","v":80,"av":144673,"vw":296.32,"o":296.3,"c":296.3,"h":296.3,"l":296.3,"a":296.6,"z":80,"s":1782124955000,"e":1782124956000}]',
      '[{"ev":"FMV","fmv":509.917,"sym":"MSFT","t":1760646477151120843},{"ev":"status","status":"success","message":"subscribed to: T.AAPL"}]',
      '[{"ev":"XT","pair":"BTC-USD","p":43575.6,"t":1706649628023,"s":4.522e-05,"c":[2],"i":"1b254a48","x":23,"r":1706649628068}]',
    ],
    hold(text) {
      for (const market of ["stocks", "crypto"] as const) {
        const { events } = parseFrame(text, market, A_MONDAY, () => {});
        for (const event of events) assert(FeedEvent.safeParse(event).success, JSON.stringify(event));
      }
    },
  },
  {
    name: "control commands",
    samples: [
      JSON.stringify({
        id: "1",
        at: A_MONDAY,
        command: { do: "subscribe", tickers: ["AAPL"], frequency: "tick" },
      }),
      JSON.stringify({
        id: "1",
        at: A_MONDAY,
        command: { do: "add_connection", name: "x", frequencies: ["fmv"] },
      }),
      JSON.stringify({ id: "1", at: A_MONDAY, command: { do: "reload" } }),
    ],
    hold: (text) => void readControl(text, A_MONDAY),
  },
  {
    name: "replay lines",
    samples: [
      '{"at":1381152600000,"feed":"stocks","events":[{"ev":"T","sym":"AAPL","p":1,"s":1,"t":1381152600000}]}',
      '{"at":1,"feed":"business/crypto","events":[{"ev":"FMV","fmv":1,"sym":"X:BTC-USD","t":1760646477151120843}]}',
    ],
    hold: (text) => void readReplayLine(text),
  },
  {
    name: "list elements",
    samples: [
      element(1),
      stampBody("3.k3f9a0b1-7", encodeEvent(aMinute()).text),
      stampBody("k3f9a0b1-1", encodeEvent(aFairValue()).text),
    ],
    hold(text) {
      const peek = peekElement(text);
      if (peek !== undefined) assert(Number.isFinite(peek.t));
    },
  },
  {
    name: "frames on their way to Massive's shape",
    samples: [
      `[${element(1)},${element(2)}]`,
      `[${stampBody("k3f9a0b1-1", encodeEvent(aFairValue()).text)}]`,
    ],
    hold(text) {
      try {
        JSON.parse(text);
      } catch {
        return;
      }
      for (const { text: wire } of readElements(text, "stocks")) JSON.parse(wire);
    },
  },
  {
    name: "hints",
    samples: ["tick k3f9a0b1-1042", "tick.3 k3f9a0b1-7"],
    hold: (text) => void parseHint(text),
  },
  {
    name: "notes of ingest",
    samples: [JSON.stringify(anIngestHealth()), JSON.stringify(aPlan())],
    hold(text) {
      let note: unknown;
      try {
        note = JSON.parse(text);
      } catch {
        return;
      }
      IngestHealth.safeParse(note);
      PublishedPlan.safeParse(note);
    },
  },
];

/** All of them. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [...CLIENT, ...IDENTITY, ...INSIDE];
