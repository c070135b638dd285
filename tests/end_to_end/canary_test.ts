/**
 * A release step by step, as docs/operations.md says: 10 %, 50 %, 100 %, and back to the previous image, behind a real nginx,
 * while clients follow. `TICKCAST_PREVIOUS` names a checkout of an earlier release to be the previous one; without it both are
 * this one.
 */
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { reportTable } from "../../src/operations/load/load_report.ts";
import { activeAt, startLoad } from "../support/load_run.ts";
import { startNginx } from "../support/nginx.ts";
import { followTicks } from "../support/own_client.ts";
import { type Process, startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");
const nginx = realPart("nginx");
const missing = { ignore: redis.ignore || nginx.ignore, note: redis.note || nginx.note };
const previous = Deno.env.get("TICKCAST_PREVIOUS");
const WITHIN_MS = 30_000;
const SOCKETS = 40;
const ROUNDS = 4;
const CLIENTS = 40;

/** The `server` lines of the steps, as the table in docs/operations.md has them. */
async function documentedSteps(): Promise<readonly (readonly string[])[]> {
  const text = await Deno.readTextFile(new URL("../../docs/operations.md", import.meta.url));
  const section = text.slice(text.indexOf("## Canary"), text.indexOf("## Rollback"));
  return [...section.matchAll(/^\|.*`(server edge-[^`]+)`/gm)].map(([, lines]) =>
    [...(lines ?? "").matchAll(/server ([^;]+);/g)].map(([, server]) => server ?? "")
  );
}

const hostOf = ({ base }: Process) => new URL(base).host;

/** How many of new sockets come to an edge: each is told by its first message whose it is. */
async function sharesOf(base: string, edge: Process): Promise<number> {
  const { edge: id } = z.object({ edge: z.string() }).parse(
    await (await fetch(`${edge.base}/health`)).json(),
  );
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => greeted(base)));
  await Promise.all(sockets.map(({ socket }) => {
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    return closed;
  }));
  return sockets.filter((one) => one.edge === id).length;
}

function greeted(base: string): Promise<{ readonly socket: WebSocket; readonly edge: unknown }> {
  const socket = new WebSocket(`${base.replace("http", "ws")}/ws`, "tickcast.v1");
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve({ socket, edge: JSON.parse(data).edge });
    socket.onerror = () => reject(new Error("not let in"));
  });
}

const seqOf = (id: string) => Number(id.slice(id.indexOf("-") + 1));

Deno.test({
  name:
    `a canary takes 10 %, 50 % and all of the new clients, and the previous release all of them back: nobody loses an event${missing.note}`,
  ignore: missing.ignore,
  async fn() {
    const steps = await documentedSteps();
    assertEquals(steps.length, 3, "docs/operations.md has a line for each step");
    await using server = await startRedis();
    const store = { REDIS_URL: server.url };
    await using _feed = await startProcess({ environment: { ...store, ROLE: "all", SIMULATOR_RATE: "30" } });
    const startEdge = (root?: string) =>
      startProcess({ environment: { ...store, ROLE: "edge" }, ...root === undefined ? {} : { root } });
    await using old1 = await startEdge(previous);
    await using old2 = await startEdge(previous);
    await using fresh = await startEdge();
    await using proxy = await startNginx([hostOf(old1), hostOf(old2)]);
    const named = (edges: Readonly<Record<string, Process>>, step: readonly string[] | undefined) =>
      (step ?? []).map((one) =>
        one.replace(/edge-\w+:8000/, (name) => {
          const edge = edges[name.slice(0, -5)];
          assert(edge !== undefined, name);
          return hostOf(edge);
        })
      );
    const names = { "edge-1": old1, "edge-2": old2, "edge-new": fresh };
    const run = startLoad([
      ...["--url", proxy.base, "--metrics", fresh.base],
      ...["--stages", `${CLIENTS}:1,${CLIENTS}:300`, "--mix", "ws:70,sse:30"],
    ]);
    const own = followTicks(proxy.base);
    try {
      const at = async (...edges: readonly Process[]) =>
        (await Promise.all(edges.map(({ base }) => activeAt(base)))).reduce((a, b) => a + b, 0);
      await until(async () => await at(old1, old2) > CLIENTS, "everybody at the previous release", WITHIN_MS);

      await proxy.reload(named(names, steps[0]));
      await until(async () => await sharesOf(proxy.base, fresh) > 0, "the reload", WITHIN_MS);
      let few = 0;
      for (let n = 0; n < ROUNDS; n++) few += await sharesOf(proxy.base, fresh);
      assert(few >= 0.04 * ROUNDS * SOCKETS && few <= 0.2 * ROUNDS * SOCKETS, `${few} at 10 %`);
      assert(await at(old1, old2) >= CLIENTS, "a reload cuts nobody");

      await proxy.reload(named(names, steps[1]));
      await until(async () => await sharesOf(proxy.base, fresh) >= 14, "half of all", WITHIN_MS);
      old2.kill("SIGTERM");
      await old2.status;

      await proxy.reload(named(names, steps[2]));
      await until(async () => await sharesOf(proxy.base, fresh) === SOCKETS, "all of them", WITHIN_MS);
      old1.kill("SIGTERM");
      await old1.status;
      await until(async () => await at(fresh) > CLIENTS, "everybody at the new release", WITHIN_MS);
      const seen = own.ids.length;
      await until(() => own.ids.length > seen, "events of the new release", WITHIN_MS);

      // The new one is bad: the previous image again.
      await using back = await startEdge(previous);
      await proxy.reload([hostOf(back)]);
      await until(async () => await sharesOf(proxy.base, back) === SOCKETS, "the way back", WITHIN_MS);
      fresh.kill("SIGTERM");
      await fresh.status;
      await until(async () => await at(back) > CLIENTS, "everybody back", WITHIN_MS);
      const then = own.ids.length;
      await until(() => own.ids.length > then, "events of the previous release", WITHIN_MS);
      run.finish();
      const report = await run.report;
      const table = reportTable(report);
      assertEquals([report.totals.undetected, report.totals.repeats, report.gapsTold], [0, 0, {}], table);
      assertEquals([report.malformed, own.gaps], [{}, []], table);
      assert(Number(report.totals.resumed) >= CLIENTS * 2, table);
      own.ids.forEach((id, n) => n > 0 && assertEquals(seqOf(id), seqOf(own.ids[n - 1] ?? "") + 1));
    } finally {
      run.finish();
      own.client.disconnect();
      await run.report.catch(() => {});
    }
  },
});
