/** An ingest with nothing real around it: a clock that stands still, lists in memory, a fake upstream and data path. */
import type { ControlAnswer, ControlCommand } from "../../src/feed/control.ts";
import { readSettings } from "../../src/feed/settings/read_settings.ts";
import type { Settings } from "../../src/feed/settings/settings.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { type Ingest, startIngest } from "../../src/ingest/start_ingest.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { FakePipeline } from "./fake_pipeline.ts";
import { FakeUpstream } from "./fake_upstream.ts";
import { ManualClock } from "./manual_clock.ts";
import { type LoggedLine, recordingLog } from "./recording_log.ts";

/** Settings of an environment, with a key; throws where they are wrong. */
export function settingsOf(environment: Record<string, string>): Settings {
  const reading = readSettings({ MASSIVE_API_KEY: "s3cret", ...environment }, {
    signalThresholds: [],
    onDeploy: false,
  });
  if (!reading.ok) throw new Error(reading.problems.map((one) => `${one.name} ${one.rule}`).join("; "));
  return reading.settings;
}

/** What ingests of one test share. */
export interface IngestScene {
  readonly clock: ManualClock;
  readonly store: FeedStore;
  readonly upstream: FakeUpstream;
}

/** A fresh scene. */
export function scene(): IngestScene {
  const clock = new ManualClock();
  return { clock, store: createMemoryStore(clock), upstream: new FakeUpstream(clock) };
}

/** An ingest on it. */
export interface StartedIngest {
  readonly ingest: Ingest;
  readonly pipeline: FakePipeline;
  readonly lines: LoggedLine[];
}

/** Starts one; nothing moves before the clock does. */
export async function start(
  { clock, store, upstream }: IngestScene,
  environment: Record<string, string>,
  instance = "a",
): Promise<StartedIngest> {
  const pipeline = new FakePipeline();
  const { log, lines } = recordingLog();
  const ingest = await startIngest({
    settings: settingsOf(environment),
    store,
    clock,
    random: () => 0.5,
    log,
    instance,
    version: "test",
    open: upstream.opener,
    pipeline,
  });
  return { ingest, pipeline, lines };
}

/** Stops one cleanly. */
export async function stop(ingest: { stop(): Promise<void> }, clock: ManualClock): Promise<void> {
  const stopped = ingest.stop();
  await clock.advance(3_000);
  await stopped;
}

/** Has a command done and gives its answer. */
export async function ask({ store, clock }: IngestScene, command: ControlCommand): Promise<ControlAnswer> {
  const id = crypto.randomUUID();
  await store.sendCommand(JSON.stringify({ id, at: clock.now(), command }));
  for (let n = 0; n < 120; n++) {
    await clock.advance(100);
    const answer = await store.readAnswer(id);
    if (answer !== undefined) return JSON.parse(answer);
  }
  throw new Error("no answer");
}
