/** What clients send: messages, cursors, queries, symbols, requests to programs that speak Massive's protocol. */
import { assert, assertEquals } from "@std/assert";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { MESSAGE_MAX_CHARS, readCommand, SYMBOLS_MAX } from "../../../src/edge/deliver/client_commands.ts";
import { readQuery, WAIT_MAX_SECONDS } from "../../../src/edge/deliver/subscription_query.ts";
import { refuseTokenInUrl } from "../../../src/edge/admit/auth_request.ts";
import { FIELDS_MAX } from "../../../src/edge/follow/projection.ts";
import { MassiveSession } from "../../../src/edge/massive/massive_session.ts";
import { TOPICS_MAX } from "../../../src/edge/massive/massive_topics.ts";
import { CURSOR_MAX_CHARS, formatCursor, parseCursor } from "../../../src/feed/cursor.ts";
import { parsePattern, SYMBOL_MAX_CHARS } from "../../../src/feed/symbol.ts";
import { assertOurs, type FuzzTarget, refusing } from "../fuzz_target.ts";

function asUrl(query: string): URL | undefined {
  return URL.canParse(`http://edge.example/sse?${query}`)
    ? new URL(`http://edge.example/sse?${query}`)
    : undefined;
}

const messages: FuzzTarget = {
  name: "client messages",
  samples: [
    '{"action":"subscribe","streams":["tick"],"symbols":["AAPL","X:*"],"cursor":"tick:k3f9a0b1-1042","mode":"latest","max_hz":4,"fields":["price"],"snapshot":true,"id":1}',
    '{"action":"unsubscribe","streams":["tick"],"symbols":["AAPL"],"id":"a"}',
    '{"action":"ping","cursor":"tick:k3f9a0b1-1042"}',
    '{"action":"auth","token":"eyJhbGciOiJIUzI1NiJ9.e30.AAAA"}',
  ],
  hold(text) {
    const read = readCommand(text);
    if (!read.ok) return assertOurs(read.error);
    const { command } = read;
    assert(text.length <= MESSAGE_MAX_CHARS);
    if ("symbols" in command) assert((command.symbols?.length ?? 0) <= SYMBOLS_MAX);
    if ("fields" in command) assert((command.fields?.length ?? 0) <= FIELDS_MAX);
    // What was read says the same when it is said again.
    assertEquals(readCommand(JSON.stringify(command)), read);
  },
};

const cursors: FuzzTarget = {
  name: "cursors",
  samples: [
    "tick:k3f9a0b1-1042,minute:k3f9a0b1-88",
    "tick.3:k3f9a0b1-7,tick.0:k3f9a0b1-9007199254740991",
    "tick:0-0",
    "earliest",
  ],
  hold(text) {
    const cursor = refusing(() => parseCursor(text));
    if (cursor === undefined) return;
    assert(text.length <= CURSOR_MAX_CHARS);
    // Nothing has two spellings.
    assertEquals(formatCursor(cursor), text);
  },
};

const queries: FuzzTarget = {
  name: "queries",
  samples: [
    "streams=tick,minute&symbols=AAPL,X:*&cursor=tick:k3f9a0b1-1042&mode=latest&max_hz=4&fields=price&snapshot=true&wait=25",
    "symbols=*&ticket=AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  ],
  hold(text) {
    const url = asUrl(text);
    if (url === undefined) return;
    refusing(() => refuseTokenInUrl(url));
    const query = refusing(() => readQuery(url));
    if (query === undefined) return;
    assert((query.symbols?.length ?? 0) <= SYMBOLS_MAX && (query.fields?.length ?? 0) <= FIELDS_MAX);
    assert(query.waitSeconds >= 0 && query.waitSeconds <= WAIT_MAX_SECONDS);
    assert(query.maxHz === undefined || (Number.isFinite(query.maxHz) && query.maxHz > 0));
  },
};

const patterns: FuzzTarget = {
  name: "symbol patterns",
  samples: ["AAPL", "BRK.B", "X:BTC-USD", "BTC-USD", "X:*", "*"],
  hold(text) {
    const pattern = refusing(() => parsePattern(text));
    if (pattern === undefined) return;
    assert(text.length <= SYMBOL_MAX_CHARS + "X:".length, "bounded");
    assertEquals(parsePattern(pattern), pattern, "canonical");
  },
};

const massive: FuzzTarget = {
  name: "Massive-compatible messages",
  samples: [
    '{"action":"subscribe","params":"T.AAPL,A.*, AM.BRK.B,FMV.*,Q.AAPL"}',
    '{"action":"unsubscribe","params":"T.*"}',
    '{"action":"auth","params":"a-secret-key"}',
  ],
  hold(text) {
    for (const market of ["stocks", "crypto"] as const) {
      const session = new MassiveSession(market);
      session.admit(anonymous("premium"));
      session.receive(text);
      const { size } = session.held;
      assert(size <= TOPICS_MAX && [...session.held.topics()].length === size);
      // Whatever came before, what is asked for next is held, and can be given back.
      session.receive('{"action":"subscribe","params":"T.ZZZZ,XT.ZZZ-USD"}');
      assertEquals(session.held.size, Math.min(size + 1, TOPICS_MAX));
      session.receive('{"action":"unsubscribe","params":"T.ZZZZ,XT.ZZZ-USD"}');
    }
  },
};

/** All of them. */
export const CLIENT_TARGETS: readonly FuzzTarget[] = [messages, cursors, queries, patterns, massive];
