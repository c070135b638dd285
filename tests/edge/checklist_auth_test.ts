/** The checklist's *Auth* part at real doors: each bad token has one answer, the same by every way in, and is never said again. */
import { assert, assertEquals } from "@std/assert";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { AUDIENCE, ISSUER, JWT_SECRET, secretSettings, unsignedToken } from "../support/token_factory.ts";
import { aTrade } from "../support/event_factory.ts";
import { edgeRig } from "./edge_rig.ts";
import { SocketClient } from "./test_clients.ts";
import { serveTimed } from "./token_scene.ts";

const nowS = () => Math.floor(Date.now() / 1000);
const HOUR_S = 3600;

interface Parts {
  readonly claims?: JWTPayload;
  readonly header?: Record<string, unknown>;
  readonly key?: Parameters<SignJWT["sign"]>[0];
}

const goodClaims = (): JWTPayload => ({ iss: ISSUER, aud: AUDIENCE, exp: nowS() + HOUR_S, sub: "user-1" });
const sign = ({ claims, header, key }: Parts = {}) =>
  new SignJWT({ ...goodClaims(), ...claims }).setProtectedHeader({ alg: "HS256", ...header }).sign(
    key ?? new TextEncoder().encode(JWT_SECRET),
  );

type Row = readonly [what: string, token: () => Promise<string> | string, code: string];
const ROWS: readonly Row[] = [
  ["expired", () => sign({ claims: { exp: nowS() - 60 } }), "AUTH_EXPIRED"],
  ["not yet valid", () => sign({ claims: { nbf: nowS() + 60 } }), "UNAUTHORIZED"],
  ["of alg none", () => unsignedToken({ alg: "none" }, goodClaims()), "UNAUTHORIZED"],
  ["of the wrong audience", () => sign({ claims: { aud: "somebody-else" } }), "UNAUTHORIZED"],
  ["of the wrong issuer", () => sign({ claims: { iss: "https://evil.example" } }), "UNAUTHORIZED"],
  ["of the wrong type", () => sign({ header: { typ: "secevent+jwt" } }), "UNAUTHORIZED"],
  [
    "with a kid that is a path",
    () => sign({ header: { kid: "../../etc/passwd" }, key: OTHER }),
    "UNAUTHORIZED",
  ],
  [
    "with a kid that is a URL",
    () => sign({ header: { kid: "http://evil.example/k" }, key: OTHER }),
    "UNAUTHORIZED",
  ],
  ["no token at all", () => "nonsense", "UNAUTHORIZED"],
];
const OTHER = new TextEncoder().encode("another-secret-of-more-than-thirty-two-characters");

/** Every way in, with this token: the codes it is answered with. */
async function knock(port: number, token: string): Promise<{ codes: string[]; said: string }> {
  const base = `http://127.0.0.1:${port}`;
  const said: string[] = [];
  const codes: string[] = [];
  for (const path of ["/ws/tick", "/sse/tick", "/events/tick", "/snapshot/tick", "/events/heatmap"]) {
    const response = await fetch(base + path, { headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    said.push(text);
    codes.push(/"code":"(\w+)"/.exec(text)?.[1] ?? String(response.status));
  }
  const tickets = await fetch(`${base}/tickets`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await tickets.text();
  said.push(text);
  codes.push(/"code":"(\w+)"/.exec(text)?.[1] ?? String(tickets.status));
  await using client = new SocketClient(port, "/ws/tick");
  await client.say({ action: "auth", token });
  const { code } = await client.closed;
  codes.push(String((await client.first("error")).code));
  assertEquals(code, codes.at(-1) === "AUTH_EXPIRED" ? 4004 : 4501);
  await using program = new SocketClient(port, "/massive/stocks");
  await program.say({ action: "auth", params: token });
  await program.closed;
  assert(JSON.stringify(program.messages).includes("auth_failed"), JSON.stringify(program.messages));
  said.push(JSON.stringify([client.messages, program.messages]));
  return { codes, said: said.join("\n") };
}

const jwtRig = (server: "deno" | "hardened", over: Partial<EdgeSettings> = {}) =>
  edgeRig({ settings: { authMode: "jwt", jwt: secretSettings, server, ...over } });

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`each bad token has its answer at every door (SERVER=${server})`, async (t) => {
    await using rig = jwtRig(server);
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    for (const [what, make, code] of ROWS) {
      await t.step(what, async () => {
        const token = await make();
        const { codes, said } = await knock(port, token);
        assertEquals([...new Set(codes)], [code]);
        assertEquals(said.includes(token), false);
      });
    }
    await t.step("of 100 KB", async () => {
      const response = await fetch(`http://127.0.0.1:${port}/events/tick`, {
        headers: { authorization: `Bearer ${"x".repeat(100_000)}` },
      }).catch(() => undefined);
      await response?.body?.cancel();
      // Over what the server takes for headers: refused before anything looks at it, or cut.
      assert(response === undefined || [400, 431].includes(response.status), String(response?.status));
      await using client = new SocketClient(port, "/ws/tick");
      await client.say({ action: "auth", token: "x".repeat(100_000) });
      assertEquals((await client.closed).code, server === "hardened" ? 1009 : 4504);
    });
  });

  Deno.test(`a poll never waits past the end of its token (SERVER=${server})`, async () => {
    await using served = await serveTimed(server);
    const { rig, base, short } = served;
    await rig.writer.append("tick", [aTrade()]);
    let isAnswered = false;
    const ask = () => fetch(`${base}/events/tick?wait=25`, { headers: { authorization: `Bearer ${short}` } });
    const asked = ask().finally(() => isAnswered = true);
    await served.until(() => rig.edge.counters.active.poll === 1, "it waits");
    assertEquals(isAnswered, false);
    await served.outlive();
    await served.until(() => isAnswered, "an answer");
    const first = await asked;
    assertEquals([first.status, (await first.json()).events], [200, []]);
    const second = await ask();
    assertEquals([second.status, (await second.json()).error.code], [401, "AUTH_EXPIRED"]);
  });
}

Deno.test("public keys: no secret made of one, no other key under its kid, no kid that is an address (SERVER=hardened)", async (t) => {
  const [ours, theirs] = [
    await generateKeyPair("RS256", { extractable: true }),
    await generateKeyPair("RS256", { extractable: true }),
  ];
  const jwk = { ...await exportJWK(ours.publicKey), kid: "one", alg: "RS256" };
  const asked: string[] = [];
  await using keys = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return Response.json({ keys: [jwk] });
  });
  const jwksUrl = `http://127.0.0.1:${keys.addr.port}/keys`;
  const jwt = { ...secretSettings, secret: undefined, jwksUrl, algorithms: ["RS256"] };
  await using rig = jwtRig("hardened", { jwt });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  const header = { alg: "RS256", kid: "one" };
  const status = async (token: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/events/tick`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status(await sign({ header, key: ours.privateKey })), 200);
  await t.step("HS256 signed with the public key", async () => {
    const pem = new TextEncoder().encode(await exportSPKI(ours.publicKey));
    assertEquals(await status(await sign({ header: { alg: "HS256", kid: "one" }, key: pem })), 401);
  });
  await t.step("the same kid of another issuer", async () => {
    const claims = { iss: "https://evil.example" };
    assertEquals(await status(await sign({ header, claims, key: theirs.privateKey })), 401);
    assertEquals(await status(await sign({ header, claims, key: ours.privateKey })), 401);
    assertEquals(await status(await sign({ header, key: theirs.privateKey })), 401);
  });
  await t.step("a kid that is an address is never fetched", async () => {
    const kid = `http://127.0.0.1:${keys.addr.port}/evil`;
    assertEquals(
      await status(await sign({ header: { alg: "RS256", kid, jku: kid }, key: theirs.privateKey })),
      401,
    );
    assertEquals(asked.includes("/evil"), false);
  });
});
