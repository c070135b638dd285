/**
 * Metrics of this instance: its clients, what it sent them, what it pulled, what it holds. Totals count from the
 * start.
 */
import { STREAM_STATES } from "../../feed/health.ts";
import { estimateCommands, priceOf } from "./cost_model.ts";
import { costInputs } from "./cost_routes.ts";
import { byLabel, type MetricRow, single } from "./metrics_row.ts";
import { mostWanted } from "./stats_report.ts";

const CLIENT_ROWS: readonly MetricRow[] = [
  byLabel(
    "gauge",
    "ws_active_connections",
    "Clients connected now, by transport (poll: requests that wait).",
    "transport",
    ({ counters }) => Object.entries(counters.active),
  ),
  single(
    "counter",
    "ws_messages_sent_total",
    "Messages handed to clients, all transports.",
    ({ counters }) => counters.messagesSent,
  ),
  single(
    "counter",
    "ws_slow_consumers_total",
    "Clients found slow and warned.",
    ({ counters }) => counters.slowWarned,
  ),
  single(
    "counter",
    "tickcast_slow_closed_total",
    "Clients closed for being slow.",
    ({ counters }) => counters.slowClosed,
  ),
  byLabel(
    "counter",
    "tickcast_connections_accepted_total",
    "Clients let in.",
    "transport",
    ({ counters }) => Object.entries(counters.accepted),
  ),
  byLabel(
    "counter",
    "tickcast_connections_refused_total",
    "Clients refused, by error code.",
    "code",
    ({ counters }) => counters.refused,
  ),
  byLabel(
    "counter",
    "tickcast_limits_met_total",
    "Times a client met a limit, by limit.",
    "limit",
    ({ counters }) => counters.limits,
  ),
  single(
    "gauge",
    "tickcast_sockets_closing",
    "Closed sockets whose peer has not let go.",
    ({ counters }) => counters.closing,
  ),
  byLabel(
    "gauge",
    "tickcast_clients",
    "Clients connected now, by tier.",
    "tier",
    ({ clients }) => clients.clientsByTier(),
  ),
];

const DELIVERY_ROWS: readonly MetricRow[] = [
  single(
    "counter",
    "tickcast_events_sent_total",
    "Events handed to clients.",
    ({ counters }) => counters.eventsSent,
  ),
  single(
    "counter",
    "tickcast_bytes_sent_total",
    "Bytes handed to clients.",
    ({ counters }) => counters.bytesSent,
  ),
  single(
    "counter",
    "tickcast_events_merged_total",
    "Events merged into others before they were sent.",
    ({ counters }) => counters.eventsMerged,
  ),
  single(
    "counter",
    "tickcast_frames_built_total",
    "Frames built; far fewer than sent where sharing works.",
    ({ counters }) => counters.framesBuilt,
  ),
  byLabel(
    "counter",
    "tickcast_gaps_told_total",
    "Gaps told to clients, by cause.",
    "cause",
    ({ counters }) => counters.gaps,
  ),
  byLabel(
    "counter",
    "tickcast_edge_drops_total",
    "List elements and client messages that could not be used, by reason.",
    "reason",
    ({ counters }) => counters.drops,
  ),
];

const PULL_ROWS: readonly MetricRow[] = [
  single("counter", "tickcast_pulls_total", "Reads of list tails.", ({ counters }) => counters.pulls),
  single(
    "counter",
    "tickcast_pull_failures_total",
    "Reads of list tails that failed.",
    ({ counters }) => counters.pullFailures,
  ),
  single(
    "counter",
    "tickcast_pulls_widened_total",
    "Reads that had to reach further back than first asked.",
    ({ counters }) => counters.pullsWidened,
  ),
  single(
    "counter",
    "tickcast_events_pulled_total",
    "Events pulled.",
    ({ counters }) => counters.eventsPulled,
  ),
  single("counter", "tickcast_hints_total", "Hints received.", ({ counters }) => counters.hints),
  byLabel(
    "gauge",
    "tickcast_ring_events",
    "Events held in the ring.",
    "list",
    ({ facts }) => facts.lists().map((one) => [one.list, one.ringEvents]),
  ),
  byLabel(
    "gauge",
    "tickcast_ring_bytes",
    "Bytes held in the ring.",
    "list",
    ({ facts }) => facts.lists().map((one) => [one.list, one.ringBytes]),
  ),
  byLabel(
    "gauge",
    "tickcast_list_rate",
    "Events a second pulled from a list.",
    "list",
    ({ facts }) => facts.lists().map((one) => [one.list, one.rate]),
  ),
  byLabel(
    "counter",
    "tickcast_list_gaps_total",
    "Holes this instance met in a list.",
    "list",
    ({ facts }) => facts.lists().map((one) => [one.list, one.gaps]),
  ),
];

const STREAM_ROWS: readonly MetricRow[] = [
  {
    kind: "gauge",
    name: "tickcast_stream_state",
    help: "1 for the state a stream is in, 0 for the others.",
    labels: ["stream", "state"],
    *read({ states }) {
      for (const [stream, is] of states) {
        for (const state of STREAM_STATES) yield [is === state ? 1 : 0, stream, state];
      }
    },
  },
  {
    kind: "gauge",
    name: "tickcast_stream_last_event_age_seconds",
    help: "Age of the newest event known of.",
    labels: ["stream"],
    *read({ streams }) {
      for (const { stream, last_event_age_ms: age } of streams) if (age !== null) yield [age / 1000, stream];
    },
  },
  {
    kind: "gauge",
    name: "tickcast_list_depth",
    help: "Events in a Redis list, by ingest's last report.",
    labels: ["list"],
    *read({ streams }) {
      for (const { lists } of streams) {
        for (const { list, depth } of lists) if (depth !== null) yield [depth, list];
      }
    },
  },
];

const PROCESS_ROWS: readonly MetricRow[] = [
  single(
    "counter",
    "tickcast_store_commands_total",
    "Commands to the store by this process, as Upstash bills them.",
    ({ usage }) => usage.commands,
  ),
  single("counter", "tickcast_store_requests_total", "Requests to the store.", ({ usage }) => usage.requests),
  single(
    "counter",
    "tickcast_store_failures_total",
    "Requests to the store that failed.",
    ({ usage }) => usage.failures,
  ),
  byLabel(
    "counter",
    "tickcast_store_bytes_total",
    "Bytes to and from the store.",
    "direction",
    ({ usage }) => [["out", usage.bytesOut], ["in", usage.bytesIn]],
  ),
  single(
    "gauge",
    "tickcast_memory_bytes",
    "Resident memory of the process.",
    ({ memoryBytes }) => memoryBytes,
  ),
  single(
    "gauge",
    "tickcast_start_time_seconds",
    "Unix time this instance started.",
    ({ facts }) => facts.startedAt / 1000,
  ),
  single(
    "gauge",
    "tickcast_ready",
    "1 while new clients are welcome.",
    ({ facts }) => facts.phase() === "serving" ? 1 : 0,
  ),
  single(
    "gauge",
    "tickcast_shedding",
    "1 while new clients are turned away for want of memory.",
    ({ facts }) => facts.phase() === "shedding" ? 1 : 0,
  ),
  single(
    "gauge",
    "tickcast_cost_estimate_usd",
    "Estimated US dollars a month on Upstash, paid by use; the same as /api/cost.",
    ({ notes, facts }) => priceOf(estimateCommands(costInputs({}, notes, facts)).total).pay_as_you_go_usd,
  ),
  byLabel("gauge", "tickcast_build_info", "Always 1; the version is the label.", "version", ({ facts }) => [
    [facts.version, 1],
  ]),
];

/** Every metric of this instance but the histograms. */
export const EDGE_ROWS: readonly MetricRow[] = [
  ...CLIENT_ROWS,
  ...DELIVERY_ROWS,
  ...PULL_ROWS,
  ...STREAM_ROWS,
  ...PROCESS_ROWS,
];

/** Only with `METRICS_BY_SYMBOL`: one label value per symbol, the most wanted thousand. */
export const SYMBOL_ROWS: readonly MetricRow[] = [
  byLabel(
    "gauge",
    "tickcast_subscriptions",
    "Clients that want a symbol.",
    "symbol",
    ({ clients }) => mostWanted(clients),
  ),
];
