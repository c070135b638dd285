import { assertEquals, assertInstanceOf, assertNotMatch, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { exportJWK, exportSPKI, generateKeyPair } from "jose";
import { CLOCK_TOLERANCE_S, principalOf } from "../../../src/edge/admit/auth_claims.ts";
import { TOKEN_MAX_CHARS, tokenVerifier } from "../../../src/edge/admit/auth_token.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { patternList } from "../../../src/feed/symbol.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import {
  aToken,
  AUDIENCE,
  ISSUER,
  JWT_SECRET,
  secretSettings,
  unsignedToken,
} from "../../support/token_factory.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const clock = new ManualClock(A_MONDAY);
const verify = tokenVerifier({ jwt: secretSettings, defaultTier: "standard" }, clock);
const nowS = Math.floor(A_MONDAY / 1000);
const goodClaims = { iss: ISSUER, aud: AUDIENCE, exp: nowS + 60 };

pure("a good token gives its claims' rights", async () => {
  const principal = await verify(
    await aToken({ claims: { streams: ["tick"], symbols: ["AAPL", "X:*"], tier: "free" }, expiresInS: 60 }),
  );
  assertEquals([principal.subject, principal.tier, principal.expiresAtMs], [
    "user-1",
    "free",
    (nowS + 60 + CLOCK_TOLERANCE_S) * 1000,
  ]);
  assertEquals([...principal.streams ?? []], ["tick"]);
  assertEquals(principal.symbols && patternList(principal.symbols), ["AAPL", "X:*"]);
});

pure("absent claims restrict nothing, and lists may be texts", async () => {
  const open = await verify(await aToken());
  assertEquals([open.tier, open.streams, open.symbols], ["standard", undefined, undefined]);
  const listed = principalOf({ exp: 1, streams: "tick minute", symbols: "AAPL,MSFT *" }, "free");
  assertEquals([[...listed.streams ?? []], listed.symbols?.all], [["tick", "minute"], true]);
  assertEquals(principalOf({ exp: 1, streams: ["*"] }, "free").streams, undefined);
});

/** Every row of the checklist's Auth part that a single token can show. */
const BAD: readonly (readonly [name: string, token: () => Promise<string> | string, code: string])[] = [
  ["empty", () => "", "UNAUTHORIZED"],
  ["no token at all", () => "hello", "UNAUTHORIZED"],
  ["three parts of nothing", () => "..", "UNAUTHORIZED"],
  ["longer than any token", () => "x".repeat(100_000), "UNAUTHORIZED"],
  ["just too long", () => "x".repeat(TOKEN_MAX_CHARS + 1), "UNAUTHORIZED"],
  ["expired", () => aToken({ expiresInS: -60 }), "AUTH_EXPIRED"],
  ["without expiry", () => aToken({ expiresInS: undefined }), "UNAUTHORIZED"],
  ["not yet valid", () => aToken({ startsInS: 60 }), "UNAUTHORIZED"],
  ["of another issuer", () => aToken({ issuer: "https://evil.example" }), "UNAUTHORIZED"],
  ["without issuer", () => aToken({ issuer: undefined }), "UNAUTHORIZED"],
  ["for another audience", () => aToken({ audience: "somebody-else" }), "UNAUTHORIZED"],
  ["without audience", () => aToken({ audience: undefined }), "UNAUTHORIZED"],
  ["of a wrong type", () => aToken({ header: { typ: "secevent+jwt" } }), "UNAUTHORIZED"],
  [
    "signed with another secret",
    () => aToken({ key: new TextEncoder().encode("x".repeat(40)) }),
    "UNAUTHORIZED",
  ],
  ["signed with an algorithm that is not pinned", () => aToken({ header: { alg: "HS384" } }), "UNAUTHORIZED"],
  ["alg none", () => unsignedToken({ alg: "none" }, goodClaims), "UNAUTHORIZED"],
  ["alg None in another case", () => unsignedToken({ alg: "NONE" }, goodClaims), "UNAUTHORIZED"],
  ["a made-up signature", () => unsignedToken({ alg: "HS256" }, goodClaims, "AAAA"), "UNAUTHORIZED"],
  [
    "critical header nobody knows",
    () => unsignedToken({ alg: "HS256", crit: ["x"], x: 1 }, goodClaims, "AAAA"),
    "UNAUTHORIZED",
  ],
  [
    "a kid that is a path",
    () => aToken({ header: { kid: "../../etc/passwd" }, key: new TextEncoder().encode("y".repeat(40)) }),
    "UNAUTHORIZED",
  ],
  ["claims that are no object", () => unsignedToken({ alg: "HS256" }, "text", "AAAA"), "UNAUTHORIZED"],
  ["a tier nobody sells", () => aToken({ claims: { tier: "platinum" } }), "UNAUTHORIZED"],
  ["streams that are a number", () => aToken({ claims: { streams: 7 } }), "UNAUTHORIZED"],
  ["symbols with control characters", () => aToken({ claims: { symbols: ["A\r\nB"] } }), "UNAUTHORIZED"],
  ["symbols that are an object", () => aToken({ claims: { symbols: { all: true } } }), "UNAUTHORIZED"],
];

for (const [name, token, code] of BAD) {
  pure(`a token is refused and not repeated: ${name}`, async () => {
    const text = await token();
    const error = await assertRejects(() => verify(text), TickcastError);
    assertEquals(error.code, code);
    assertNotMatch(error.message, /evil\.example|somebody-else|platinum|passwd|secevent/);
    if (text.length > 8) assertEquals(error.message.includes(text.slice(0, 64)), false);
  });
}

pure("the clocks of issuer and edge may differ a little and no more", async () => {
  await verify(await aToken({ expiresInS: -CLOCK_TOLERANCE_S + 1 }));
  await verify(await aToken({ startsInS: CLOCK_TOLERANCE_S }));
  await assertRejects(
    async () => await verify(await aToken({ expiresInS: -CLOCK_TOLERANCE_S - 1 })),
    TickcastError,
  );
});

Deno.test("HS256 signed with the public key is refused where keys are public", async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid: "one" };
  await serveKeys(() => Response.json({ keys: [jwk] }), async (jwksUrl) => {
    const judge = tokenVerifier({
      jwt: { ...secretSettings, secret: undefined, jwksUrl, algorithms: ["RS256"] },
      defaultTier: "free",
    }, clock);
    const forged = await aToken({
      key: new TextEncoder().encode(await exportSPKI(publicKey)),
      header: { kid: "one" },
    });
    assertEquals((await assertRejects(() => judge(forged), TickcastError)).code, "UNAUTHORIZED");
    assertEquals(
      (await judge(await aToken({ key: privateKey, header: { alg: "RS256", kid: "one" } }))).subject,
      "user-1",
    );
  });
});

pure("fuzz: any text is refused with a code, and nothing else is thrown", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.base64String(), fc.base64String(), fc.base64String()).map((p) => p.join(".")),
      ),
      async (text) => {
        try {
          await verify(text);
          return false;
        } catch (error) {
          assertInstanceOf(error, TickcastError);
          return error.code === "UNAUTHORIZED";
        }
      },
    ),
    { numRuns: 300 },
  );
});

pure("fuzz: any claims give a principal or a refusal", () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 2 }), fc.jsonValue(), (rest, value) => {
      for (const name of ["streams", "symbols", "tier", "sub", "exp"]) {
        try {
          principalOf({ exp: nowS, ...rest, [name]: value }, "free");
        } catch (error) {
          if (!(error instanceof TickcastError)) return false;
        }
      }
      return true;
    }),
    { numRuns: 300 },
  );
});

pure("a verifier without a key is our own mistake and fails loudly", () => {
  for (
    const jwt of [
      { ...secretSettings, secret: undefined },
      { ...secretSettings, issuer: undefined },
      { ...secretSettings, audience: undefined },
      { ...secretSettings, algorithms: [] },
    ]
  ) {
    let code = "";
    try {
      tokenVerifier({ jwt, defaultTier: "free" }, clock);
    } catch (error) {
      code = error instanceof TickcastError ? error.code : "";
    }
    assertEquals(code, "SETTINGS");
  }
  assertEquals(JWT_SECRET.length >= 32, true);
});

/** A key server that answers as told. */
async function serveKeys(answer: () => Response | Promise<Response>, use: (url: string) => Promise<void>) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  try {
    await use(`http://127.0.0.1:${server.addr.port}/keys`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("keys are fetched once and remembered; an unknown kid does not fetch them again at once", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid: "one", alg: "ES256" };
  let fetched = 0;
  await serveKeys(() => {
    fetched++;
    return Response.json({ keys: [jwk] });
  }, async (jwksUrl) => {
    const judge = tokenVerifier({
      jwt: { ...secretSettings, secret: undefined, jwksUrl, algorithms: ["ES256"] },
      defaultTier: "free",
    }, clock);
    for (let n = 0; n < 5; n++) {
      await judge(await aToken({ key: privateKey, header: { alg: "ES256", kid: "one" } }));
    }
    for (let n = 0; n < 5; n++) {
      const strange = await aToken({
        key: privateKey,
        header: { alg: "ES256", kid: `http://evil.example/${n}` },
      });
      assertEquals((await assertRejects(() => judge(strange), TickcastError)).code, "UNAUTHORIZED");
    }
  });
  assertEquals(fetched, 1);
});

Deno.test("another issuer's key under the same kid opens nothing", async () => {
  const [ours, theirs] = [
    await generateKeyPair("ES256", { extractable: true }),
    await generateKeyPair("ES256"),
  ];
  const jwk = { ...await exportJWK(ours.publicKey), kid: "one", alg: "ES256" };
  await serveKeys(() => Response.json({ keys: [jwk] }), async (jwksUrl) => {
    const jwt = { ...secretSettings, secret: undefined, jwksUrl, algorithms: ["ES256"] };
    const judge = tokenVerifier({ jwt, defaultTier: "free" }, clock);
    const header = { alg: "ES256", kid: "one" };
    for (const issuer of [ISSUER, "https://evil.example"]) {
      const token = await aToken({ key: theirs.privateKey, header, issuer });
      assertEquals((await assertRejects(() => judge(token), TickcastError)).code, "UNAUTHORIZED");
    }
    // A token of our own issuer's key that names another issuer is no better.
    const foreign = await aToken({ key: ours.privateKey, header, issuer: "https://evil.example" });
    assertEquals((await assertRejects(() => judge(foreign), TickcastError)).code, "UNAUTHORIZED");
  });
});

Deno.test("keys that can't be had are told as such and not as a bad token", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const token = await aToken({ key: privateKey, header: { alg: "ES256", kid: "one" } });
  const answers = [
    () => new Response("no", { status: 500 }),
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    () => Response.json({ keys: "none" }),
    () => new Response("x".repeat(600_000)),
    () => Response.redirect("http://127.0.0.1:1/elsewhere"),
  ];
  for (const answer of answers) {
    await serveKeys(answer, async (jwksUrl) => {
      const judge = tokenVerifier({
        jwt: { ...secretSettings, secret: undefined, jwksUrl, algorithms: ["ES256"] },
        defaultTier: "free",
      }, clock);
      assertEquals((await assertRejects(() => judge(token), TickcastError)).code, "KEYS_UNAVAILABLE");
    });
  }
});
