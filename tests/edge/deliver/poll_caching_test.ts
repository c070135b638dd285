/** What caches are told of polls and snapshots: two clients of one URL may be due different answers. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { secretSettings } from "../../support/token_factory.ts";
import { edgeRig } from "../edge_rig.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** An edge with 250 trades; tokens are the names of tiers. */
async function cachingScene(authMode: "none" | "jwt", allowedOrigins?: readonly string[]) {
  const clock = new ManualClock();
  const rig = edgeRig({
    clock,
    settings: { authMode, jwt: secretSettings, allowedOrigins },
    gate: {
      admit: (request) => {
        const tier = request.headers.get("authorization") === "Bearer free" ? "free" : "premium";
        return { principal: { ...anonymous(tier), symbols: symbolPatterns(["*"]) }, headers: undefined };
      },
      authenticate: () => Promise.resolve(anonymous("premium")),
    },
  });
  const { epoch } = await rig.writer.append(
    "tick",
    Array.from({ length: 250 }, (_, n) => aTrade({ tid: String(n) })),
  );
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const asked = Promise.resolve(rig.edge.fetch(new Request(`http://edge${path}`, { headers })));
    await clock.advance(200);
    const response = await asked;
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const end = async () => {
    const drained = rig.edge.drain();
    await clock.advance(5_000);
    await drained;
  };
  return { ask, end, past: `/events/tick?cursor=tick:${epoch}-10` };
}

pure("with tokens, what comes of a URL varies with the token, and so do its tags", async () => {
  const { ask, end, past } = await cachingScene("jwt");
  for (const path of [past, "/events/tick?cursor=earliest", "/events/tick", "/snapshot/tick"]) {
    assertEquals((await ask(path)).headers.get("vary"), "Authorization, Cookie", path);
  }
  const premium = await ask(past, { authorization: "Bearer premium" });
  const free = await ask(past, { authorization: "Bearer free" });
  assertEquals(premium.headers.get("cache-control"), "private, max-age=31536000, immutable");
  assertEquals([premium, free].map(({ text }) => JSON.parse(text).events.length), [190, 1]);
  const etag = premium.headers.get("etag") ?? "";
  assertNotEquals(free.headers.get("etag"), etag);
  const again = await ask(past, { authorization: "Bearer free", "if-none-match": etag });
  assertEquals([again.status, again.text], [200, free.text]);
  const held = await ask(past, { authorization: "Bearer premium", "if-none-match": etag });
  assertEquals([held.status, held.headers.get("vary")], [304, "Authorization, Cookie"]);
  await end();
});

pure("without tokens everybody is due the same, so that a CDN may answer", async () => {
  const { ask, end, past } = await cachingScene("none");
  const { headers } = await ask(past);
  assertEquals([headers.get("cache-control"), headers.get("vary")], [
    "public, max-age=31536000, immutable",
    null,
  ]);
  await end();
});

pure("where origins are listed answers vary with those too", async () => {
  const { ask, end, past } = await cachingScene("jwt", ["https://app.example.com"]);
  const { headers } = await ask(past);
  assertEquals(headers.get("vary"), "Authorization, Cookie, Origin");
  await end();
});
