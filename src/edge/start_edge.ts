/**
 * An edge instance: stateless handlers over the lists. {@link startEdge} starts one and says how it ends; everything it
 * runs is stopped by {@link Edge.drain}.
 */
import { drainEdge, type Stoppable } from "./drain.ts";
import type { EdgeCore } from "./edge_core.ts";
import type { EdgeCounters } from "./edge_counters.ts";
import { type EdgeLife, type EdgeOptions, wireEdge } from "./edge_wiring.ts";
import type { EdgeFacts } from "./report/health_facts.ts";
import type { Operational } from "./report/operational_routes.ts";
import type { SessionHub } from "./deliver/session_hub.ts";
import { refusal } from "./deliver/ws_door.ts";

export type { EdgeOptions } from "./edge_wiring.ts";

/** A running edge. */
export interface Edge {
  readonly core: EdgeCore;
  readonly hub: SessionHub;
  readonly facts: EdgeFacts;
  readonly counters: EdgeCounters;
  readonly operational: Operational;
  /** Answers any request; never rejects. `info` is Deno.serve's. */
  fetch(request: Request, info?: Deno.ServeHandlerInfo): Response | Promise<Response>;
  /** Listens, with the server that `SERVER` names. Port 0 takes a free one. */
  serve(hostname: string, port: number): Promise<Served>;
  /** Serves statistics, metrics and the routes that act on a port of their own (`ADMIN_PORT`). */
  serveAdmin(hostname: string, port: number): Served;
  /** Tells every client to go elsewhere, closes everything and frees all; within 5 s. Any number of times. */
  drain(): Promise<void>;
}

/** A listening server. */
export interface Served {
  readonly port: number;
  readonly finished: Promise<void>;
}

/** Starts an edge. Nothing is read before the first client comes. */
export function startEdge(options: EdgeOptions): Edge {
  const life: EdgeLife = { phase: "serving" };
  const parts = wireEdge(options, life);
  const { core, hub, operations, doors, facts } = parts;
  const servers: Stoppable[] = [];
  if (!core.settings.wsEnabled) {
    core.log.warning("ws_disabled", { clients: "fall back to /sse, then /events" });
  }
  operations.start();
  let drained: Promise<void> | undefined;
  const fetch = (request: Request, info?: Deno.ServeHandlerInfo) => doors.answer(request, info);
  const listen = (hostname: string, port: number, handler: Deno.ServeHandler): Served => {
    const onError = () => refusal(core, undefined);
    const server = Deno.serve({ hostname, port, onListen: () => {}, onError }, handler);
    servers.push(server);
    return { port: server.addr.port, finished: server.finished };
  };
  return {
    core,
    hub,
    facts,
    counters: core.counters,
    operational: operations,
    fetch,
    serve: async (hostname, port) => {
      if (core.settings.server === "deno") return listen(hostname, port, fetch);
      // Loaded only where it is used: its packages read the environment and take time to start.
      const { serveHardened } = await import("./hardened/hardened_server.ts");
      const server = await serveHardened({ core, doors, hostname, port });
      servers.push(server);
      return server;
    },
    serveAdmin: (hostname, port) =>
      listen(hostname, port, (request) => operations.adminRoutes.fetch(request)),
    drain() {
      life.phase = "draining";
      return drained ??= drainEdge({ ...parts, servers });
    },
  };
}
