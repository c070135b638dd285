import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Edge, startEdge } from "../../../src/edge/start_edge.ts";
import { systemClock } from "../../../src/feed/clock.ts";
import { silentLog } from "../../../src/feed/log.ts";
import type { EdgeSettings } from "../../../src/feed/settings/settings.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { edgeSettings } from "../edge_rig.ts";
import { until } from "../../support/until.ts";

interface Served extends AsyncDisposable {
  readonly edge: Edge;
  readonly base: string;
  memoryBytes: number;
}

async function serve(over: Partial<EdgeSettings>): Promise<Served> {
  const store = createMemoryStore(systemClock);
  const served = { memoryBytes: 0 };
  const edge = startEdge({
    settings: { edge: edgeSettings(over) },
    store,
    clock: systemClock,
    random: () => 0.5,
    log: silentLog,
    edgeId: "edge-1",
    version: "test",
    pages: new Map(),
    memoryBytes: () => served.memoryBytes,
  });
  const { port } = await edge.serve("127.0.0.1", 0);
  return Object.assign(served, {
    edge,
    base: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await edge.drain();
      await store[Symbol.asyncDispose]();
    },
  });
}

/** Opens a socket; false when it was refused. */
async function open(url: string): Promise<WebSocket | undefined> {
  const socket = new WebSocket(url);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.onopen = () => resolve(true);
    socket.onerror = () => resolve(false);
  });
  return isOpen ? socket : undefined;
}

async function close(socket: WebSocket | undefined): Promise<void> {
  assert(socket);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
}

async function refusal(served: Served, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`http://${served.base}${path}`, { headers });
  const text = await response.text();
  return { status: response.status, text, code: /"code":"(\w+)"/.exec(text)?.[1] };
}

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);
  /** Takes real seconds, and is the same behind both servers. */
  const testOnce = server === "deno" ? test : () => {};

  test("an address holds so many connections over all transports, and takes another when one has ended", async () => {
    await using served = await serve({ server, maxConnectionsPerIp: 3 });
    const socket = await open(`ws://${served.base}/ws`);
    const program = await open(`ws://${served.base}/massive/stocks`);
    const stream = await fetch(`http://${served.base}/sse/tick`);
    assertEquals(await open(`ws://${served.base}/ws`), undefined);
    assertEquals(await open(`ws://${served.base}/massive/stocks`), undefined);
    assertEquals((await refusal(served, "/ws")).code, "OVERLOADED");
    assertEquals((await refusal(served, "/events/tick")).status, 503);
    assertEquals((await refusal(served, "/snapshot/tick")).status, 503);
    const turnedAway = await refusal(served, "/sse/tick");
    assertEquals([turnedAway.status, turnedAway.code], [200, "OVERLOADED"]);
    assertMatch(turnedAway.text, /^retry: \d+/m);
    assert((served.edge.counters.refused.get("OVERLOADED") ?? 0) >= 5);
    // What is no connection is not counted.
    assertEquals((await refusal(served, "/health")).status, 200);
    assertEquals((await refusal(served, "/metrics")).status, 200);

    await stream.body?.cancel();
    await until(
      async () => (await refusal(served, "/events/tick")).status === 200,
      "polls are answered again",
    );
    await close(socket);
    await close(program);
    await until(
      async () => (await refusal(served, "/ws")).code === "UPGRADE_REQUIRED",
      "sockets are taken again",
    );
  });

  test("behind a trusted proxy every client has its own count, and a stranger's header changes nothing", async () => {
    await using trusted = await serve({ server, maxConnectionsPerIp: 1, trustedProxies: ["127.0.0.0/8"] });
    const held = await fetch(`http://${trusted.base}/sse/tick`, {
      headers: { "x-forwarded-for": "1.1.1.1" },
    });
    const from = (address: string) => refusal(trusted, "/ws", { "x-forwarded-for": address });
    assertEquals((await from("1.1.1.1")).code, "OVERLOADED");
    assertEquals((await from("2.2.2.2")).code, "UPGRADE_REQUIRED");
    assertEquals((await from("2.2.2.2, 1.1.1.1")).code, "OVERLOADED");
    await held.body?.cancel();

    await using plain = await serve({ server, maxConnectionsPerIp: 1 });
    const first = await fetch(`http://${plain.base}/sse/tick`, { headers: { "x-forwarded-for": "1.1.1.1" } });
    assertEquals((await refusal(plain, "/ws", { "x-forwarded-for": "2.2.2.2" })).code, "OVERLOADED");
    await first.body?.cancel();
  });

  testOnce("short of memory an instance takes no new clients, says so, and serves those it has", async () => {
    await using served = await serve({ server, memoryShedBytes: 1000 });
    const socket = await open(`ws://${served.base}/ws`);
    served.memoryBytes = 2000;
    await until(async () => (await refusal(served, "/health/ready")).status === 503, "it sheds");
    assertMatch((await refusal(served, "/health/ready")).text, /"phase":"shedding"/);
    assertEquals((await refusal(served, "/ws")).code, "OVERLOADED");
    assertEquals((await refusal(served, "/sse/tick")).status, 200);
    // An answer of every symbol's latest is the largest there is.
    for (const path of ["/events/tick", "/snapshot/tick"]) {
      const { status, code } = await refusal(served, path);
      assertEquals([status, code], [503, "OVERLOADED"], path);
    }
    assertEquals(socket?.readyState, 1);
    served.memoryBytes = 500;
    await until(
      async () => (await refusal(served, "/ws")).code === "UPGRADE_REQUIRED",
      "sockets are taken again",
    );
    await close(socket);
  });
}
