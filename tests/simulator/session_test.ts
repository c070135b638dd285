import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseAccounts } from "../../src/simulator/protocol/accounts.ts";
import { type Behaviour, normalBehaviour } from "../../src/simulator/protocol/behaviour.ts";
import { parseFeedPath } from "../../src/simulator/feed_path.ts";
import { type Answer, Session } from "../../src/simulator/protocol/session.ts";

const accounts = parseAccounts({
  accounts: [
    {
      name: "pro",
      keys: ["pro"],
      markets: {
        stocks: { realtime: ["T", "A", "AM"], business: ["FMV", "AM"] },
        options: { realtime: ["T"] },
      },
    },
    { name: "starter", keys: ["starter"], markets: { stocks: { realtime: ["A", "AM"] } } },
    {
      name: "polite",
      keys: ["polite"],
      markets: { stocks: { realtime: ["A"] } },
      businessRefusal: "not_authorized",
    },
    {
      name: "unsigned",
      keys: ["unsigned"],
      markets: { stocks: { realtime: ["T"] } },
      realtimeAccess: "unsigned",
    },
    { name: "late", keys: ["late"], markets: { stocks: { realtime: ["T"] } }, realtimeAccess: "delayed" },
  ],
});

function session(path = "/stocks", behaviour: Partial<Behaviour> = {}): Session {
  const feed = parseFeedPath(path);
  if (!feed) throw new Error(`no feed at ${path}`);
  return new Session(feed, accounts, { ...normalBehaviour(), ...behaviour });
}

const auth = (key: string) => JSON.stringify({ action: "auth", params: key });
const subscribe = (params: string) => JSON.stringify({ action: "subscribe", params });
const unsubscribe = (params: string) => JSON.stringify({ action: "unsubscribe", params });

function opened(key = "pro", path = "/stocks", behaviour: Partial<Behaviour> = {}): Session {
  const open = session(path, behaviour);
  open.receive(auth(key));
  return open;
}

/** `status: message` of every status said. */
function said(answer: Answer): string[] {
  const texts = answer.kind === "acks" ? answer.statuses : answer.kind === "nothing" ? [] : [answer.status];
  return texts.map((text) => {
    const { ev, status, message } = JSON.parse(text);
    assertEquals(ev, "status");
    return `${status}: ${message}`;
  });
}

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("A good key is told `authenticated`, a bad one `authentication failed`", () => {
  assertEquals(said(session().receive(auth("pro"))), ["auth_success: authenticated"]);
  const refused = session().receive(auth("wrong"));
  assertEquals([refused.kind, ...said(refused)], ["refused", "auth_failed: authentication failed"]);
});

pure("A plan without WebSocket for the market is refused in the plan's words", () => {
  const words =
    "auth_failed: Your plan doesn't include websocket access. Visit https://massive.com/pricing to upgrade.";
  assertEquals(said(session("/crypto").receive(auth("starter"))), [words]);
  assertEquals(said(session("/business/stocks").receive(auth("starter"))), [words]);
});

pure("A key without the business feed can be let in and refused by channel instead", () => {
  const polite = session("/business/stocks");
  assertEquals(said(polite.receive(auth("polite"))), ["auth_success: authenticated"]);
  assertEquals(said(polite.receive(subscribe("FMV.*"))), ["error: not authorized"]);
});

pure("Every accepted pair is acknowledged by itself, unknown symbols and stars too", () => {
  assertEquals(said(opened().receive(subscribe("T.AAPL,A.*,AM.NOTATICKER,T.BRK.B"))), [
    "success: subscribed to: T.AAPL",
    "success: subscribed to: A.*",
    "success: subscribed to: AM.NOTATICKER",
    "success: subscribed to: T.BRK.B",
  ]);
});

pure("Spaces after commas are forgiven", () => {
  assertEquals(said(opened().receive(subscribe("AM.AAPL, AM.MSFT"))), [
    "success: subscribed to: AM.AAPL",
    "success: subscribed to: AM.MSFT",
  ]);
});

pure("Refusals stand ahead of confirmations and name nothing", () => {
  assertEquals(said(opened("starter").receive(subscribe("A.AAPL,T.AAPL,AM.AAPL,T.MSFT"))), [
    "error: not authorized",
    "error: not authorized",
    "success: subscribed to: A.AAPL",
    "success: subscribed to: AM.AAPL",
  ]);
});

pure("Silence meets an unknown prefix, a pair already held and one not held", () => {
  const open = opened();
  assertEquals(open.receive(subscribe("ZZ.AAPL")), { kind: "nothing", why: "silent" });
  open.receive(subscribe("T.AAPL"));
  assertEquals(open.receive(subscribe("T.AAPL")), { kind: "nothing", why: "silent" });
  assertEquals(open.receive(unsubscribe("T.MSFT")), { kind: "nothing", why: "silent" });
  assertEquals(said(open.receive(unsubscribe("T.AAPL,T.AAPL"))), ["success: unsubscribed to: T.AAPL"]);
});

pure("Without the agreement the reason comes ahead of `not authorized`", () => {
  const [reason, refusal] = said(opened("unsigned").receive(subscribe("T.AAPL")));
  assertEquals(
    reason,
    "error: You don't have access real-time data. If you're already subscribed to a plan that includes real-time data, " +
      "you may need to visit the dashboard to sign your agreements.",
  );
  assertEquals(refusal, "error: not authorized");
  assertEquals(
    said(opened("late").receive(subscribe("T.AAPL")))[0],
    "error: You don't have access real-time data. If your plan only includes delayed data, you can connect to the " +
      "delayed websocket at wss://delayed.polygon.io/stocks.",
  );
});

pure("Nothing is subscribed before a successful authentication", () => {
  const open = session();
  assertEquals(open.receive(subscribe("T.AAPL")), { kind: "nothing", why: "not-authenticated" });
  open.receive(auth("pro"));
  assertEquals(open.held.list(), []);
});

pure("Options over a thousand held are refused whole, and unsubscribing frees room", () => {
  const open = opened("pro", "/options");
  const contracts = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `T.O:SPY251219C00${from + n}`).join(",");
  assertEquals(said(open.receive(subscribe(contracts(0, 900)))).length, 900);
  const limit = "error: Subscription limit reached for feed. Please remove some subscriptions and try again.";
  assertEquals(said(open.receive(subscribe(contracts(900, 1100)))), [limit]);
  assertEquals(open.held.size, 900);
  open.receive(unsubscribe(contracts(0, 500)));
  assertEquals(said(open.receive(subscribe(contracts(900, 1400)))).length, 500);
});

pure("Nothing a client sends throws, and what it holds is what was acknowledged", () => {
  const action = fc.constantFrom("subscribe", "unsubscribe", "auth", "ping", "", "__proto__");
  const params = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom("T.AAPL", "A.*", "AM.BRK.B", "ZZ.X", "T.", ".A", "T", " ", "T.AAPL")).map((
      parts,
    ) => parts.join(",")),
  );
  const message = fc.oneof(
    fc.record({ action, params }).map((request) => JSON.stringify(request)),
    fc.json(),
    fc.string(),
    fc.record({ action, params: fc.anything() }).map((request) => {
      try {
        return JSON.stringify(request);
      } catch {
        return "";
      }
    }),
  );
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const open = opened();
      const held = new Set<string>();
      for (const text of messages) {
        for (const status of said(open.receive(text))) {
          const [, verb, pair] = /^success: (un)?subscribed to: (.*)$/.exec(status) ?? [];
          if (pair === undefined) continue;
          if (verb === undefined) held.add(pair);
          else held.delete(pair);
        }
      }
      assertEquals(new Set(open.held.list()), held);
    }),
  );
});
