/**
 * Entry of the room: settings in, a running ingest out. It stands by until it holds the lease, then connects upstream, and
 * publishes what it does. `main.ts` wires it; derived streams hook in by {@link StartIngestOptions.derive}.
 */
import type { Clock, Random } from "../feed/clock.ts";
import { TickcastError } from "../feed/error.ts";
import type { IngestHealth } from "../feed/health.ts";
import type { Log } from "../feed/log.ts";
import type { Settings } from "../feed/settings/settings.ts";
import { STREAMS } from "../feed/stream.ts";
import type { FeedStore } from "../feed/store.ts";
import type { ConnectionPlan } from "./connection_plan.ts";
import type { Upstream } from "./connection_manager.ts";
import { createPipeline, type Pipeline, type PipelineOptions } from "./pipeline.ts";
import { readPlan } from "./plan_source.ts";
import { enabledStreams, publishedPlan } from "./published_plan.ts";
import { RunningIngest } from "./running_ingest.ts";
import { type SocketOpener, socketOpener } from "./upstream_socket.ts";

/** What derived streams and recorders may hook into the data path. */
export type PipelineHooks = Pick<
  PipelineOptions,
  "onForwarded" | "onAppended" | "onSeed" | "onFrame" | "rules" | "enabled"
>;

/** How ingest is started. */
export interface StartIngestOptions {
  readonly settings: Settings;
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Unique to this process: it owns the lease. */
  readonly instance: string;
  readonly version: string;
  /** Instead of the settings' hosts and key: the simulator in this process. */
  readonly upstream?: Upstream;
  /** Hooks of derived streams; `offer` gives their events back to the data path. */
  readonly derive?: (offer: Pipeline["offer"]) => PipelineHooks;
  /** Instead of real sockets, for tests. */
  readonly open?: SocketOpener;
  /** Instead of the data path, for tests. */
  readonly pipeline?: Pipeline;
}

/** A running ingest. */
export interface Ingest {
  /** Resolves when it has stopped; rejects when something of its own is broken (the process should end). */
  readonly done: Promise<void>;
  /** True from the start on: standing by is being ready. False once stopping. */
  readonly ready: boolean;
  /** What is published, as of now; a standby's is its own. */
  health(): IngestHealth;
  /** 0…1: the fullest channel queue. */
  pressure(): number;
  /** Reads universes again and applies the difference without reconnecting. @throws {TickcastError} SETTINGS, STORE_… */
  reload(): Promise<Record<string, unknown>>;
  /** Stops cleanly: sockets closed with close frames, queues written out, lease given back. */
  stop(): Promise<void>;
}

/**
 * Starts ingest. A store that can't be reached does not keep it from starting.
 * @throws {TickcastError} SETTINGS with every problem of the plan.
 */
export async function startIngest(options: StartIngestOptions): Promise<Ingest> {
  const upstream = upstreamOf(options);
  const plan = await firstPlan(options);
  let pipeline = options.pipeline;
  if (pipeline === undefined) {
    const hooks = options.derive?.((stream, events) => pipeline?.offer(stream, events));
    pipeline = createPipeline(pipelineOptions(options, plan, hooks));
  }
  const open = options.open ?? socketOpener(options.clock);
  return new RunningIngest({ ...options, upstream, pipeline, open }, plan);
}

function upstreamOf({ upstream, settings }: StartIngestOptions): Upstream {
  if (upstream !== undefined) return upstream;
  const { apiKey, realtimeUrl, businessUrl } = settings.ingest;
  if (apiKey === undefined) {
    throw new TickcastError(
      "SETTINGS",
      "MASSIVE_API_KEY= must be set where no simulator runs in the process",
    );
  }
  return { realtimeUrl, businessUrl, apiKey };
}

/** The plan, or undefined when it hangs on a store that is away: it is made when leading begins. */
async function firstPlan(options: StartIngestOptions): Promise<ConnectionPlan | undefined> {
  try {
    return await readPlan(options, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof TickcastError) || error.code === "SETTINGS") throw error;
    options.log.warning("plan_deferred", { detail: error.message });
    return undefined;
  }
}

const DEFAULT_PULL_MS = { memory: 10, tcp: 250, rest: 250 } as const;
const DEFAULT_APPEND_MS = { memory: 0, tcp: 10, rest: 100 } as const;

function pipelineOptions(
  { settings, store, clock, log, random }: StartIngestOptions,
  plan: ConnectionPlan | undefined,
  hooks: PipelineHooks | undefined,
): PipelineOptions {
  const { pullIntervalMs, appendIntervalMs, tickLists, syntheticMinutes } = settings.ingest;
  const published = plan && publishedPlan(settings, plan.connections, 0);
  return {
    store,
    clock,
    log: log.child("pipeline"),
    random,
    streams: STREAMS,
    settings: {
      pullIntervalMs: pullIntervalMs ?? DEFAULT_PULL_MS[store.transport],
      appendIntervalMs: appendIntervalMs ?? DEFAULT_APPEND_MS[store.transport],
      tickLists,
      syntheticMinutes,
    },
    ...(published && { enabled: enabledStreams(settings, published) }),
    ...hooks,
  };
}
