/**
 * The upstream as ingest would use it: every planned connection is opened, authenticated and subscribed to one symbol per
 * kind of event. Not while an ingest runs: the account's slot is its, and the newest connection may push the oldest out.
 */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import { IngestHealth } from "../../feed/health.ts";
import type { Settings } from "../../feed/settings/settings.ts";
import type { FeedStore } from "../../feed/store.ts";
import { parseFrame } from "../../ingest/wire/parse_frame.ts";
import type { PlannedConnection } from "../../ingest/plan/planned_connection.ts";
import { readPlan } from "../../ingest/plan/plan_source.ts";
import { type SocketFrame, socketOpener } from "../../ingest/upstream/upstream_socket.ts";
import { splitTopic } from "../../ingest/wire/subscription_topics.ts";
import { type SessionProgress, UpstreamSession } from "../../ingest/upstream/upstream_session.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warn, fail, skip } = findingsOf("upstream");

/** Opening, authentication and subscription of one connection, at most. */
const CONNECTION_LIMIT_MS = 25_000;
/** A health note younger than this is of an ingest that lives. */
const INGEST_ALIVE_MS = 15_000;

/** What the checks need of the process. */
export interface UpstreamDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly store: FeedStore;
  /** Listens so long for events once subscribed; 0: not at all. */
  readonly listenMs: number;
  /** Also while an ingest runs. */
  readonly isForced: boolean;
}

/** Everything about the upstream. Never rejects. */
export async function checkUpstream(settings: Settings, deps: UpstreamDeps): Promise<readonly Finding[]> {
  const { apiKey } = settings.ingest;
  if (settings.role === "edge") return [skip("an edge has no upstream")];
  if (settings.simulated || apiKey === undefined) {
    return [skip("the built-in simulator: set MASSIVE_API_KEY for the real one")];
  }
  const running = deps.isForced ? undefined : await runningIngest(deps);
  if (running !== undefined) return running;
  try {
    const plan = await readPlan({ settings, store: deps.store, clock: deps.clock }, deps.signal);
    const found: Finding[] = plan.fallback.map((reason) =>
      warn(`one connection instead of several: ${reason}`, "mend the setting")
    );
    // One after the other: an account may have one slot only.
    for (const connection of plan.connections) {
      found.push(await tryConnection(connection, settings, apiKey, deps));
    }
    return found;
  } catch (error) {
    const told = error instanceof TickcastError ? error.message : "unknown";
    return [fail(`there is no plan: ${told}`, "mend the settings it names")];
  }
}

async function runningIngest(
  { store, clock, signal }: UpstreamDeps,
): Promise<readonly Finding[] | undefined> {
  let note: unknown;
  try {
    note = JSON.parse(await store.readNote("health:ingest", signal) ?? "null");
  } catch {
    // A store that can't be read, or a note that is none, says nothing about an ingest.
    return undefined;
  }
  const health = IngestHealth.safeParse(note);
  if (!health.success || clock.now() - health.data.at > INGEST_ALIVE_MS) return undefined;
  return [
    skip("an ingest is running: its slot is left alone (--force tries all the same), and it says:"),
    ...health.data.connections.map(({ name, status, detail }) =>
      status === "connected"
        ? ok(`${name}: ${detail || status}`)
        : fail(`${name}: ${detail || status}`, "see docs/troubleshooting.md")
    ),
  ];
}

/** One symbol of each kind of event a connection carries. */
export function sampleTopics(topics: readonly string[]): readonly string[] {
  const byPrefix = new Map<string, string>();
  for (const topic of topics) {
    const { prefix, symbol } = splitTopic(topic);
    const named = symbol === "*" ? (prefix.startsWith("X") ? "BTC-USD" : "AAPL") : symbol;
    if (!byPrefix.has(prefix)) byPrefix.set(prefix, `${prefix}.${named}`);
  }
  return [...byPrefix.values()];
}

/** What one connection showed of itself. */
interface Seen {
  readonly refusals: Set<string>;
  unserved: number;
  isIn: boolean;
  isSettled: boolean;
  events: number;
}

async function tryConnection(
  connection: PlannedConnection,
  { ingest }: Settings,
  apiKey: string,
  deps: UpstreamDeps,
): Promise<Finding> {
  const { name, feed, market, topics } = connection;
  const { clock, signal, listenMs } = deps;
  const base = feed === "business" ? ingest.businessUrl : ingest.realtimeUrl;
  const wanted = sampleTopics(topics);
  const stop = new AbortController();
  const seen: Seen = { refusals: new Set(), unserved: 0, isIn: false, isSettled: false, events: 0 };
  using _limit = clock.timer(CONNECTION_LIMIT_MS + listenMs, () => stop.abort());
  using timers = new DisposableStack();
  const onAbort = () => stop.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  const onProgress = (progress: SessionProgress) => {
    note(seen, progress);
    if (progress.step === "settled") timers.use(clock.timer(listenMs, onAbort));
  };
  const accept = ({ text, rx }: SocketFrame) => {
    const { statuses, events } = parseFrame(text, market, rx, () => {});
    seen.events += events.length;
    return { statuses, events: events.length, latestEventT: null };
  };
  const open = socketOpener(clock);
  const session = new UpstreamSession(
    { clock, open, url: `${base}/${market}`, apiKey, accept, onProgress },
    wanted,
  );
  const ended = await session.run(stop.signal);
  signal.removeEventListener("abort", onAbort);
  const where = `${name} (${market}${feed === "business" ? ", business feed" : ""})`;
  return verdict(where, seen, ended.detail, wanted, listenMs);
}

function note(seen: Seen, progress: SessionProgress): void {
  if (progress.step === "authenticated") seen.isIn = true;
  if (progress.step === "refused") seen.refusals.add(progress.refusal.detail);
  if (progress.step !== "settled") return;
  seen.isSettled = true;
  seen.unserved = progress.unserved?.unanswered ?? 0;
}

function verdict(
  where: string,
  seen: Seen,
  endedBy: string,
  wanted: readonly string[],
  listenMs: number,
): Finding {
  if (!seen.isIn) return fail(`${where}: ${endedBy}`, "nothing flows before this is mended");
  if (seen.refusals.size > 0) {
    return fail(
      `${where}: ${[...seen.refusals].join("; ")}`,
      "change the plan, or DATA_FREQUENCIES and TICK_EVENTS",
    );
  }
  if (seen.unserved > 0) {
    return fail(
      `${where}: ${seen.unserved} of ${wanted.join(", ")} not confirmed`,
      "check the plan's channels and the symbols",
    );
  }
  if (!seen.isSettled) return fail(`${where}: ${endedBy}`, "try again; if it stays, ask the upstream");
  const heard = listenMs === 0 ? "" : `; ${seen.events} events in ${listenMs / 1000} s`;
  return ok(`${where}: connected, authenticated, subscribed ${wanted.join(", ")}${heard}`);
}
