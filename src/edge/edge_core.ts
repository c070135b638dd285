/** What all connections of an instance share; made once by {@link "./start_edge.ts"} and handed down. */
import type { Clock, Random } from "../feed/clock.ts";
import type { StreamState } from "../feed/health.ts";
import type { Log } from "../feed/log.ts";
import type { EdgeSettings } from "../feed/settings/settings.ts";
import type { ConnectionLimits } from "./admit/connection_limits.ts";
import type { AskMemo } from "./deliver/ask_memo.ts";
import type { PollPace } from "./deliver/poll_pace.ts";
import type { SnapshotShare } from "./deliver/snapshot_share.ts";
import type { EdgeCounters } from "./edge_counters.ts";
import type { FeedSet } from "./pull/feed_set.ts";
import type { FlushSchedule } from "./follow/flush_schedule.ts";
import type { PlanReader } from "./pull/plan_reader.ts";
import type { AccessGate } from "./admit/principal.ts";
import type { SlowLimits } from "./follow/slow_policy.ts";

/** See the file comment. */
export interface EdgeCore {
  readonly edgeId: string;
  readonly settings: EdgeSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counters: EdgeCounters;
  readonly feeds: FeedSet;
  readonly plan: PlanReader;
  readonly schedule: FlushSchedule;
  readonly gate: AccessGate;
  /** How often polls are given news. */
  readonly pollPace: PollPace;
  /** Snapshots, shared by who asks the same at the same moment. */
  readonly snapshots: SnapshotShare;
  /** What subscriptions come to, where several clients ask the same. */
  readonly asks: AskMemo;
  readonly slowLimits: SlowLimits;
  /** Connections by the subjects of tokens. */
  readonly subjects: ConnectionLimits;
  /** Aborts when the instance stops. */
  readonly stopped: AbortSignal;
  /** Some session has a snapshot on its way: hands on what connections can take until all are gone. */
  readonly pumpSnapshots: () => void;
  /** How fresh each stream is; asked once a heartbeat round, not per client. */
  readonly states: () => Readonly<Record<string, StreamState>>;
}
