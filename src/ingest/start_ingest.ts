/**
 * Entry of the room: settings in, a running ingest out. It stands by until it holds the lease, then connects upstream, and
 * publishes what it does. `main.ts` wires it.
 */
import { TickcastError } from "../feed/error.ts";
import { QUIET_PULL_MS } from "../feed/store.ts";
import { STREAMS } from "../feed/stream.ts";
import type { Tracing } from "../feed/tracing.ts";
import type { ConnectionPlan } from "./plan/connection_plan.ts";
import type { UpstreamFrame } from "./wire/frame.ts";
import type { Upstream } from "./manage/connection_manager.ts";
import { createDerivedHost, type DerivedHost } from "./derive/derived_host.ts";
import { createDerivedStreams } from "../signals/derived_streams.ts";
import { createPipeline } from "./channel/data_path.ts";
import type { Pipeline, PipelineOptions } from "./channel/pipeline.ts";
import { readPlan } from "./plan/plan_source.ts";
import { enabledStreams, heatmapSymbols, publishedPlan } from "./plan/published_plan.ts";
import { Recorder } from "./record/recorder.ts";
import { type Ingest, type IngestSurroundings, RunningIngest } from "./running_ingest.ts";
import { traceOpener } from "./upstream/trace_opener.ts";
import { type SocketOpener, socketOpener } from "./upstream/upstream_socket.ts";

export type { Ingest } from "./running_ingest.ts";

/** How ingest is started. */
export interface StartIngestOptions extends IngestSurroundings {
  /** Instead of the settings' hosts and key: the simulator in this process. */
  readonly upstream?: Upstream | undefined;
  /** Where somebody traces. */
  readonly tracing?: Tracing | undefined;
  /** Instead of real sockets, for tests. */
  readonly open?: SocketOpener;
  /** Instead of the data path, for tests. */
  readonly pipeline?: Pipeline;
}

/**
 * Starts ingest. A store that can't be reached does not keep it from starting.
 * @throws {TickcastError} SETTINGS with every problem of the plan.
 */
export async function startIngest(options: StartIngestOptions): Promise<Ingest> {
  const { settings, clock, log } = options;
  const upstream = upstreamOf(options);
  const plan = await firstPlan(options);
  const { recordDir } = settings.ingest;
  const recorder = recordDir === undefined
    ? undefined
    : new Recorder({ dir: recordDir, clock, log: log.child("recorder") });
  const made: { ingest?: RunningIngest; pipeline?: Pipeline } = {};
  const derived = options.pipeline === undefined
    ? derivedHost(options, {
      pipeline: () => made.pipeline ?? notMade(),
      minuteSymbols: () => made.ingest?.plan().streams.minute?.symbols,
    })
    : undefined;
  const hooks = {
    ...derived?.hooks,
    ...(recorder && { onFrame: (frame: UpstreamFrame) => recorder.record(frame) }),
  };
  made.pipeline = options.pipeline ?? createPipeline({ ...pipelineOptions(options, plan), ...hooks });
  const plainOpen = options.open ?? socketOpener(clock);
  const open = options.tracing === undefined ? plainOpen : traceOpener(plainOpen, options.tracing);
  made.ingest = new RunningIngest(
    { ...options, upstream, pipeline: made.pipeline, open, recorder, derived },
    plan,
  );
  return made.ingest;
}

function notMade(): never {
  throw new TickcastError("INTERNAL", "Cannot offer derived events as the data path is not made yet");
}

/** Signals and heatmaps, folded from what stands in the lists. */
function derivedHost(
  { settings, store, clock, log, heatmapDefault }: StartIngestOptions,
  from: { pipeline: () => Pipeline; minuteSymbols: () => readonly string[] | undefined },
): DerivedHost {
  const { signals, ingest: { tickLists } } = settings;
  const symbols = () => heatmapSymbols(signals, from.minuteSymbols(), heatmapDefault);
  return createDerivedHost({
    store,
    clock,
    log: log.child("derived"),
    create: () => createDerivedStreams({ settings: { ...signals, heatmapSymbols: symbols() } }),
    tickLists,
    pipeline: from.pipeline,
  });
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
  { settings, store, clock, log, random, heatmapDefault }: StartIngestOptions,
  plan: ConnectionPlan | undefined,
): PipelineOptions {
  const { pullIntervalMs, appendIntervalMs, tickLists, syntheticMinutes } = settings.ingest;
  const published = plan && publishedPlan(settings, plan.connections, 0, heatmapDefault);
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
    ...(store.transport !== "memory" && {
      quietHours: { pullMs: QUIET_PULL_MS, markets: settings.ingest.markets },
    }),
    ...(published && { enabled: enabledStreams(settings, published) }),
  };
}
