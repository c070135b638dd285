/**
 * How an instance goes away inside the five seconds a host gives it: nobody new, everybody told when to come back and where
 * they stand, sockets closed, then the server. A socket closed in the same tick as its server shuts down would see the server's
 * code instead of ours, so there is a breath between.
 */
import { describeError } from "../feed/error.ts";
import type { EdgeCore } from "./edge_core.ts";
import type { MassiveDoor } from "./massive/massive_door.ts";
import type { Operational } from "./report/operational_routes.ts";
import type { SessionHub } from "./deliver/session_hub.ts";

/** Nobody comes back before this instance is gone: a balancer would send them here again. */
export const COME_BACK_MIN_MS = 500;
/** From then on clients come back spread over this long. */
export const DRAIN_SPREAD_MS = 2_000;
/** For `reconnect` to go out before its socket closes. */
const FAREWELL_MS = 200;
/** For close frames to go out before the server does. */
const BREATH_MS = 20;
/** For requests under way; then the server is cut. All together stays under the five seconds of Deno Deploy. */
const SHUTDOWN_MAX_MS = 2_500;

/** A listening server of either kind. */
export interface Stoppable {
  /** Stops accepting; resolves when what is under way has ended. */
  shutdown(): Promise<void>;
}

/** What there is to end. */
export interface DrainParts {
  readonly core: EdgeCore;
  readonly hub: SessionHub;
  readonly massive: MassiveDoor;
  readonly servers: readonly Stoppable[];
  readonly operations: Operational;
  readonly stop: AbortController;
}

/** See the file comment. Never rejects. */
export async function drainEdge(
  { core, hub, massive, servers, operations, stop }: DrainParts,
): Promise<void> {
  const { clock, log, feeds, plan, schedule } = core;
  log.info("edge_draining", { active_connections: hub.size + massive.size });
  const hadClients = hub.size + massive.size > 0;
  const waitMs = () => COME_BACK_MIN_MS + core.random() * DRAIN_SPREAD_MS;
  massive.stopAdmitting();
  hub.announceDrain(waitMs);
  if (hadClients) await clock.sleep(FAREWELL_MS);
  hub.closeAll(4002, "draining", waitMs);
  massive.cutAll();
  stop.abort(new DOMException("stopped", "AbortError"));
  schedule[Symbol.dispose]();
  if (hadClients) await clock.sleep(BREATH_MS);
  await Promise.all(servers.map((server) => shutDown(core, server)));
  hub[Symbol.dispose]();
  massive[Symbol.dispose]();
  plan[Symbol.dispose]();
  try {
    await feeds[Symbol.asyncDispose]();
    await operations[Symbol.asyncDispose]();
  } catch (error) {
    log.error("edge_drain_failed", { error: describeError(error) });
  }
  log.info("edge_stopped", {});
}

async function shutDown({ clock, log }: EdgeCore, server: Stoppable): Promise<void> {
  const late = Promise.withResolvers<boolean>();
  using _timer = clock.timer(SHUTDOWN_MAX_MS, () => late.resolve(false));
  const done = server.shutdown().then(() => true, () => true);
  if (!await Promise.race([done, late.promise])) {
    log.warning("edge_shutdown_cut", { after_ms: SHUTDOWN_MAX_MS });
  }
}
