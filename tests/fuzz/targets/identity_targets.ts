/** What says who somebody is, and what proxies and browsers add: tokens, claims, tickets, headers, addresses. */
import { assert, assertEquals } from "@std/assert";
import { readAs, readJsonBody } from "../../../src/edge/admin/admin_body.ts";
import { bearerToken } from "../../../src/edge/admin/admin_guard.ts";
import { principalOf } from "../../../src/edge/admit/auth_claims.ts";
import { cookieToken, protocolToken } from "../../../src/edge/admit/auth_request.ts";
import { tokenVerifier } from "../../../src/edge/admit/auth_token.ts";
import { clientAddress, trustedRanges } from "../../../src/edge/admit/client_address.ts";
import { parseIp, parseRange } from "../../../src/edge/admit/ip_address.ts";
import { isAllowedOrigin } from "../../../src/edge/admit/origin_check.ts";
import { TicketDesk } from "../../../src/edge/admit/ticket_desk.ts";
import { answerText } from "../../../src/edge/http_answer.ts";
import { ControlCommand } from "../../../src/feed/control.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { secretSettings, unsignedToken } from "../../support/token_factory.ts";
import { type FuzzTarget, jsonOf, refusing, refusingLater } from "../fuzz_target.ts";

const clock = new ManualClock(A_MONDAY);
const nowS = Math.floor(A_MONDAY / 1000);
const verify = tokenVerifier({ jwt: secretSettings, defaultTier: "free" }, clock);
const proxies = trustedRanges(["10.0.0.0/8"]);
const desk = new TicketDesk(createMemoryStore(clock), clock);

/** Headers take no line breaks and no wide characters: what could not be sent is not tried. */
function asRequest(headers: Readonly<Record<string, string>>): Request | undefined {
  try {
    return new Request("http://edge.example/ws", { headers });
  } catch {
    return undefined;
  }
}

const tokens: FuzzTarget = {
  name: "tokens",
  samples: [
    unsignedToken({ alg: "HS256" }, { exp: nowS + 60 }, "AAAA"),
    unsignedToken({ alg: "none" }, { exp: nowS + 60 }),
    unsignedToken({ alg: "HS256", kid: "x", crit: ["x"] }, { sub: "a", aud: ["b"] }, "AAAA"),
  ],
  async hold(text) {
    assertEquals(await refusingLater(() => verify(text)), undefined, "nobody without the key gets in");
  },
};

const claims: FuzzTarget = {
  name: "claims",
  samples: [
    JSON.stringify({ sub: "a", exp: nowS, streams: ["tick"], symbols: ["AAPL", "X:*"], tier: "free" }),
    JSON.stringify({ exp: nowS, streams: "tick minute", symbols: "AAPL,*" }),
  ],
  hold(text) {
    const value = jsonOf(text);
    const principal = refusing(() => principalOf(value, "free"));
    // A claim that can't be read never widens what somebody may have.
    if (principal !== undefined) assert(["free", "standard", "premium"].includes(principal.tier));
  },
};

const tickets: FuzzTarget = {
  name: "tickets",
  samples: [`${"A".repeat(22)}.${"A".repeat(43)}`],
  async hold(text) {
    assertEquals(
      await refusingLater(() => desk.redeem(text)),
      undefined,
      "nobody is given one he was not given",
    );
  },
};

const headers: FuzzTarget = {
  name: "headers that carry tokens, origins, addresses and tags",
  samples: [
    "tickcast.v1, bearer.eyJhbGciOi.e30.AAAA",
    "tickcast_token=abc; other=1",
    "Bearer abc",
    "1.1.1.1, 10.0.0.1",
    "https://app.example.com",
    'W/"abc", "def"',
  ],
  hold(text) {
    const names = ["sec-websocket-protocol", "cookie", "authorization", "x-forwarded-for", "if-none-match"];
    const request = asRequest(Object.fromEntries(names.map((name) => [name, text])));
    if (request === undefined) return;
    refusing(() => protocolToken(request));
    cookieToken(request);
    bearerToken(request);
    assert([200, 304].includes(answerText(request, "{}", '"abc"', "no-cache").status));
    assertEquals(clientAddress("9.9.9.9", text, proxies), "9.9.9.9", "a stranger's word is not believed");
    assert(
      (clientAddress("10.0.0.1", text, proxies) ?? "").length <= 64,
      "what is kept per address is bounded",
    );
    const origin = asRequest({ origin: text, host: "edge.example" });
    if (origin !== undefined && isAllowedOrigin(origin, ["https://app.example.com"])) {
      assertEquals(origin.headers.get("origin")?.toLowerCase(), "https://app.example.com");
    }
  },
};

const addresses: FuzzTarget = {
  name: "addresses and ranges",
  samples: ["10.0.0.0/8", "2001:db8::/32", "::ffff:10.0.0.1", "fe80::1%eth0"],
  hold(text) {
    const range = parseRange(text);
    if (range !== undefined) assert(range.prefixBits >= 0 && range.prefixBits <= range.bytes.length * 8);
    const bytes = parseIp(text);
    if (bytes === undefined) return;
    assert([4, 16].includes(bytes.length) && bytes.every((byte) => byte >= 0 && byte <= 255));
  },
};

const bodies: FuzzTarget = {
  name: "operators' requests",
  samples: [
    '{"do":"subscribe","tickers":["AAPL"],"frequency":"tick","connection":"connection_1"}',
    '{"do":"add_connection","name":"x","frequencies":["fmv"],"tickers":["AAPL"]}',
  ],
  async hold(text) {
    const request = new Request("http://edge.example/api", { method: "POST", body: text });
    const body = await refusingLater(() => readJsonBody(request, 100_000));
    if (body !== undefined) refusing(() => readAs(ControlCommand, body));
  },
};

/** All of them. */
export const IDENTITY_TARGETS: readonly FuzzTarget[] = [tokens, claims, tickets, headers, addresses, bodies];
