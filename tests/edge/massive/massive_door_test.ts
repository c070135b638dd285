import { assert, assertEquals, assertMatch } from "@std/assert";
import { edgeRig, type Rig, type RigOptions } from "../edge_rig.ts";
import * as status from "../../../src/edge/massive/massive_status.ts";
import type { FeedEvent } from "../../../src/feed/event.ts";
import { aFairValue, aGap, aMinute, aSecond, aTrade } from "../../support/event_factory.ts";
import { createAccess } from "../../../src/edge/admit/auth_gate.ts";
import { systemClock } from "../../../src/feed/clock.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { secretSettings } from "../../support/token_factory.ts";
import { until } from "../../support/until.ts";
import { SignJWT } from "jose";

const DEADLINE_MS = 30_000;

/** A program: a plain socket and everything it was told. */
class Program implements AsyncDisposable {
  readonly told: Record<string, unknown>[] = [];
  readonly texts: string[] = [];
  readonly socket: WebSocket;
  readonly ended: Promise<CloseEvent>;
  #wake = Promise.withResolvers<void>();

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.onmessage = ({ data }) => {
      this.texts.push(data);
      this.told.push(...JSON.parse(data));
      this.#wake.resolve();
    };
    this.ended = new Promise((resolve) =>
      this.socket.onclose = (event) => {
        this.#wake.resolve();
        resolve(event);
      }
    );
  }

  say(action: string, params: string): void {
    this.socket.send(JSON.stringify({ action, params }));
  }

  /** Waits for so many elements; a deadline says what came instead. */
  async until(count: number): Promise<Record<string, unknown>[]> {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      this.#wake.resolve();
    }, DEADLINE_MS);
    while (this.told.length < count && !isLate && this.socket.readyState <= 1) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
    clearTimeout(late);
    assert(
      this.told.length >= count,
      `${this.told.length} of ${count}: ${JSON.stringify(this.told.slice(-3))}`,
    );
    return this.told;
  }

  async begin(params: string): Promise<void> {
    await this.until(1);
    this.say("auth", "any");
    this.say("subscribe", params);
    await this.until(2 + params.split(",").length);
    this.told.length = 0;
    this.texts.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState <= 1) this.socket.close();
    await this.ended;
  }
}

type Kind = "deno" | "hardened";

interface Served extends AsyncDisposable {
  readonly rig: Rig;
  readonly base: string;
  program(market?: string): Program;
  append(list: string, ...events: FeedEvent[]): Promise<unknown>;
}

async function serve(server: Kind, options: RigOptions = {}): Promise<Served> {
  const rig = edgeRig({ ...options, settings: { ...options.settings, server } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  const base = `127.0.0.1:${port}`;
  return {
    rig,
    base,
    program: (market = "stocks") => new Program(`ws://${base}/massive/${market}`),
    append: (list, ...events) => rig.writer.append(list, events),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

const messages = (...texts: readonly string[]) => texts.map((text) => JSON.parse(text));

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);

  test("a program connects, authenticates and subscribes in Massive's words, all said at once", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.until(1);
    program.say("subscribe", "T.TOO_EARLY");
    program.say("auth", "whatever");
    program.say("subscribe", "T.AAPL,Q.AAPL,AM.*");
    program.say("unsubscribe", "T.AAPL");
    assertEquals(
      await program.until(6),
      messages(
        status.CONNECTED,
        status.AUTHENTICATED,
        status.NOT_AUTHORIZED,
        status.subscribedTo("T.AAPL"),
        status.subscribedTo("AM.*"),
        status.unsubscribedTo("T.AAPL"),
      ),
    );
  });

  test("a program gets what it subscribed, in Massive's shape and in order, and nothing from before", async () => {
    await using served = await serve(server);
    await served.append("tick", aTrade({ tid: "before" }));
    await using program = served.program();
    await program.begin("T.AAPL,A.MSFT,AM.*,FMV.AAPL");
    await served.append(
      "tick",
      aTrade({ tid: "7" }),
      aTrade({ sym: "MSFT" }),
      aSecond(),
      aSecond({ sym: "MSFT" }),
    );
    await program.until(2);
    await served.append(
      "minute",
      aMinute(),
      aMinute({ sym: "X:BTC-USD" }),
      aMinute({ sym: "NVDA", synthetic: true }),
    );
    await program.until(3);
    await served.append("fmv", aFairValue({ sym: "MSFT" }), aFairValue());
    const told = await program.until(4);
    assertEquals(told.map(({ ev, sym, i }) => [ev, sym, i]), [
      ["T", "AAPL", "7"],
      ["A", "MSFT", undefined],
      ["AM", "AAPL", undefined],
      ["FMV", "AAPL", undefined],
    ]);
    assertMatch(program.texts.at(-1) ?? "", /"t":\d{19}\}\]$/);
  });

  test("crypto has a door of its own", async () => {
    await using served = await serve(server);
    await using program = served.program("crypto");
    await program.begin("XT.*");
    await served.append("tick", aTrade(), aTrade({ sym: "X:BTC-USD" }));
    const [coin] = await program.until(1);
    assertEquals([coin?.ev, coin?.pair], ["XT", "BTC-USD"]);
  });

  test("subscribing while events flow neither loses nor repeats one", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.AAPL");
    let sent = 0;
    const next = () => aTrade({ tid: String(sent++) });
    for (let round = 0; round < 20; round++) {
      program.say(round % 2 ? "unsubscribe" : "subscribe", "T.MSFT,A.*");
      await served.append("tick", next(), next(), aTrade({ sym: "NVDA" }), next());
    }
    await program.until(60);
    const ids = () => program.told.filter(({ ev }) => ev === "T").map(({ i }) => Number(i));
    while (ids().length < 60) await program.until(program.told.length + 1);
    assertEquals(ids(), Array.from({ length: 60 }, (_, n) => n));
  });

  test("a gap ends the connection, and nothing is said about it", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.*");
    await served.append("tick", aTrade(), aGap(), aTrade({ tid: "after" }));
    const { code } = await program.ended;
    assertEquals(program.told.map(({ ev }) => ev), ["T"]);
    // Deno's own server can't drop a connection: 1012 is what comes nearest (docs/protocol.md). 0 is what a client
    // here calls no close frame.
    assertEquals(code, server === "deno" ? 1012 : 0);
    assertEquals(served.rig.edge.counters.gaps.get("overflow"), 1);
  });

  test("a gap in a stream that is not followed changes nothing", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("AM.*");
    await served.append("tick", aGap());
    await served.append("minute", aMinute());
    assertEquals((await program.until(1)).map(({ ev }) => ev), ["AM"]);
  });

  test("a bad token is answered in Massive's words and the connection ends", async () => {
    const jwt = { ...secretSettings };
    const store = createMemoryStore(systemClock);
    const { gate } = createAccess(
      { authMode: "jwt", jwt, defaultTier: "premium", allowedOrigins: undefined },
      { store, clock: systemClock },
    );
    await using served = await serve(server, { gate });
    await using program = served.program();
    await program.until(1);
    program.say("auth", "nonsense");
    await program.ended;
    assertEquals(program.told, messages(status.CONNECTED, status.BAD_KEY));
    const token = await new SignJWT({ tier: "standard", streams: ["tick"], symbols: ["AAPL"] })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(jwt.issuer ?? "").setAudience(jwt.audience ?? "").setExpirationTime("1h")
      .sign(new TextEncoder().encode(jwt.secret));
    await using good = served.program();
    await good.until(1);
    good.say("auth", token);
    good.say("subscribe", "T.AAPL,T.*,AM.AAPL");
    assertEquals(
      (await good.until(5)).slice(1),
      messages(
        status.AUTHENTICATED,
        status.NOT_AUTHORIZED,
        status.NOT_AUTHORIZED,
        status.subscribedTo("T.AAPL"),
      ),
    );
  });

  test("the free tier is told that its plan has no streaming", async () => {
    await using served = await serve(server, { settings: { defaultTier: "free" } });
    await using program = served.program();
    await program.until(1);
    program.say("auth", "any");
    await program.ended;
    assertEquals(program.told.at(-1), JSON.parse(status.PLAN_WITHOUT_WEBSOCKET));
  });

  test("plain requests are told what is wrong, and refusals come before the upgrade", async () => {
    await using served = await serve(server, {
      settings: { allowedOrigins: ["https://app.example.com"], wsMaxConnections: 1 },
    });
    const ask = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
      const response = await fetch(`http://${served.base}${path}`, { method, headers });
      return [response.status, (await response.json()).error.code];
    };
    assertEquals(await ask("/massive/stocks"), [426, "UPGRADE_REQUIRED"]);
    assertEquals(await ask("/massive/stocks", {}, "POST"), [405, "METHOD_NOT_ALLOWED"]);
    for (
      const path of [
        "/massive/options",
        "/massive/",
        "/massive/stocks/x",
        "/massive/%2e%2e",
        "/massive/__proto__",
      ]
    ) {
      assertEquals(await ask(path), [404, "NOT_FOUND"], path);
    }
    assertEquals(await ask("/massive/stocks", { origin: "https://evil.example" }), [403, "FORBIDDEN"]);
    await using program = served.program();
    await program.until(1);
    assertEquals(await ask("/massive/stocks"), [503, "OVERLOADED"]);
    await using off = await serve(server, { settings: { wsEnabled: false } });
    const answer = await fetch(`http://${off.base}/massive/stocks`);
    assertEquals([answer.status, (await answer.json()).error.code], [503, "WS_DISABLED"]);
  });

  test("programs are counted with all other clients and leave nothing behind", async () => {
    await using served = await serve(server);
    const { counters } = served.rig.edge;
    {
      await using program = served.program();
      await program.begin("T.AAPL");
      const stats = await (await fetch(`http://${served.base}/ws/stats`)).json();
      assertEquals([stats.active_connections, stats.subscriptions_by_symbol], [1, { AAPL: 1 }]);
      assertEquals([counters.active.massive, counters.accepted.massive], [1, 1]);
    }
    await until(() => counters.active.massive === 0, "the program is gone");
    assertEquals([...served.rig.edge.core.feeds.all()].map((feed) => feed.selections.size), [0]);
  });

  test("a draining edge cuts its programs", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.*");
    await served.rig.edge.drain();
    assertEquals((await program.ended).wasClean, server === "deno");
  });

  test("a message over the limit ends the connection; noise below it is met with silence", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.AAPL");
    for (const noise of ["", "null", "{", "[]", '{"action":"dance"}', "\u0000", "[".repeat(10_000)]) {
      program.socket.send(noise);
    }
    program.socket.send(new Uint8Array(10));
    await served.append("tick", aTrade());
    assertEquals((await program.until(1)).map(({ ev }) => ev), ["T"]);
    program.socket.send("x".repeat(20_000));
    assertEquals((await program.ended).code, 1009);
  });
}
