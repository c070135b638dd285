/** Refused authentications and subscriptions, and acknowledgements that come late, oddly framed or not at all. */
import { z } from "zod";
import { ACK_FRAMINGS } from "../protocol/behaviour.ts";
import { AUTH_TIMEOUT, BAD_KEY, PLAN_WITHOUT_WEBSOCKET, type StatusText } from "../protocol/status_text.ts";
import { DurationMs, type Fault, fault, Times } from "./fault.ts";

/** Channel prefixes. */
const Channels = z.array(z.string().regex(/^[A-Z]+$/)).max(50);

const nextAuths = (
  number: number,
  name: string,
  summary: string,
  answer: StatusText,
): Fault =>
  fault({
    numbers: [number],
    name,
    summary,
    params: { times: Times },
    run: ({ behaviour }, { times }) => {
      behaviour.nextAuthAnswers = Array<StatusText>(times).fill(answer);
    },
  });

/** See the module. */
export const refusalFaults: readonly Fault[] = [
  nextAuths(
    7,
    "bad_key",
    "The next authentications fail as with a bad key: status, then a cut without close frame.",
    BAD_KEY,
  ),
  nextAuths(
    8,
    "plan_refused",
    "The next authentications fail in the words of a plan without WebSocket.",
    PLAN_WITHOUT_WEBSOCKET,
  ),
  nextAuths(
    9,
    "auth_timeout",
    "The next authentications are told that none was received, although one was.",
    AUTH_TIMEOUT,
  ),
  fault({
    numbers: [9],
    name: "auth_timer",
    summary: "How long a client may take to authenticate before auth_timeout.",
    params: { timeout_ms: DurationMs.min(1) },
    run: ({ behaviour }, { timeout_ms }) => {
      behaviour.authTimeoutMs = timeout_ms;
    },
  }),
  fault({
    numbers: [10],
    name: "realtime_access",
    summary:
      "Real-time data is refused in words after auth_success: agreement not signed, or a delayed plan; null undoes it.",
    params: { access: z.enum(["unsigned", "delayed"]).nullable() },
    run: ({ behaviour }, { access }) => {
      behaviour.realtimeAccess = access ?? undefined;
    },
  }),
  fault({
    numbers: [11],
    name: "deny_channels",
    summary: "`not authorized` for these channels, naming nothing, ahead of the confirmations of the others.",
    params: { channels: Channels },
    run: ({ behaviour }, { channels }) => {
      behaviour.deniedChannels = new Set(channels);
    },
  }),
  fault({
    numbers: [12],
    name: "silent_channels",
    summary: "Neither acknowledgement nor data for subscriptions of these channels, as if they were retired.",
    params: { channels: Channels },
    run: ({ behaviour }, { channels }) => {
      behaviour.silentChannels = new Set(channels);
    },
  }),
  fault({
    numbers: [13],
    name: "ack_trouble",
    summary: "Acknowledgements come late, behind the data, and every n-th never does (0: all do).",
    params: { delay_ms: DurationMs.default(0), drop_every: z.number().int().min(0).default(0) },
    run: ({ behaviour }, { delay_ms, drop_every }) => {
      behaviour.ackDelayMs = delay_ms;
      behaviour.ackDropEvery = drop_every;
    },
  }),
  fault({
    numbers: [14],
    name: "subscription_limit",
    summary:
      "A request that would hold more than so many pairs of a channel is refused whole, the error repeated; null undoes it.",
    params: {
      limit: z.number().int().min(0).nullable(),
      repeats: z.number().int().min(1).max(1000).default(1),
    },
    run: ({ behaviour }, { limit, repeats }) => {
      behaviour.subscriptionLimit = limit ?? undefined;
      behaviour.subscriptionLimitRepeats = repeats;
    },
  }),
  fault({
    numbers: [31],
    name: "ack_framing",
    summary:
      "How acknowledgements are framed: all in one, one each, or together with data; and how often each is said.",
    params: { framing: z.enum(ACK_FRAMINGS), repeats: z.number().int().min(1).max(10).default(1) },
    run: ({ behaviour }, { framing, repeats }) => {
      behaviour.ackFraming = framing;
      behaviour.ackRepeats = repeats;
    },
  }),
];
