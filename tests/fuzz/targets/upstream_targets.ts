/** What the upstream, recordings and operators give ingest: frames, statuses, replay lines, universes, commands, settings. */
import { assert, assertEquals } from "@std/assert";
import { FeedEvent } from "../../../src/feed/event.ts";
import { readSettings } from "../../../src/feed/settings/read_settings.ts";
import { readCommand } from "../../../src/ingest/control/control_commands.ts";
import { RuntimeChanges } from "../../../src/ingest/control/runtime_changes.ts";
import { parseUniverses, UNIVERSE_MAX_TICKERS } from "../../../src/ingest/plan/universes.ts";
import { recordLine } from "../../../src/ingest/record/record_line.ts";
import {
  refusalOfClose,
  refusalOfSocketError,
  refusalOfStatus,
} from "../../../src/ingest/upstream/refusal.ts";
import { parseFrame } from "../../../src/ingest/wire/parse_frame.ts";
import { SIGNAL_THRESHOLDS } from "../../../src/signals/signal_thresholds.ts";
import { parseAccounts } from "../../../src/simulator/protocol/accounts.ts";
import { readReplayLine } from "../../../src/simulator/replay/replay_line.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { type FuzzTarget, jsonOf, refusing } from "../fuzz_target.ts";

const TRADE =
  '{"ev":"T","sym":"AAPL","i":"143541","x":4,"p":297.845,"s":40,"t":1781622376036,"pt":1781622376029,"q":4938312,"z":3,"c":[12],"trfi":202,"ds":"40.0"}';
const FRAMES: readonly [string, ...string[]] = [
  `[${TRADE}]`,
  '[{"ev":"A","sym":"AAPL","v":80,"av":144673,"vw":296.32,"o":296.3,"c":296.3,"h":296.3,"l":296.3,"a":296.6,"z":80,"s":1782124955000,"e":1782124956000}]',
  '[{"ev":"FMV","fmv":509.917,"sym":"MSFT","t":1760646477151120843},{"ev":"status","status":"success","message":"subscribed to: T.AAPL"}]',
  '[{"ev":"XT","pair":"BTC-USD","p":43575.6,"t":1706649628023,"s":4.522e-05,"c":[2],"i":"1b254a48","x":23,"r":1706649628068}]',
];

const frames: FuzzTarget = {
  name: "upstream frames",
  samples: FRAMES,
  hold(text) {
    for (const market of ["stocks", "crypto"] as const) {
      const { events } = parseFrame(text, market, A_MONDAY, () => {});
      for (const event of events) assert(FeedEvent.safeParse(event).success, JSON.stringify(event));
    }
  },
};

const elements: FuzzTarget = {
  name: "elements among good ones",
  samples: FRAMES,
  hold(text) {
    const value = jsonOf(text);
    if (value === undefined) return;
    const odd = JSON.stringify(Array.isArray(value) ? value[0] ?? null : value);
    const good = (tid: string) => TRADE.replace("143541", tid);
    const { events } = parseFrame(`[${good("first")},${odd},${good("last")}]`, "stocks", A_MONDAY, () => {});
    const tids = events.map((event) => event.type === "trade" ? event.tid : undefined);
    assertEquals([tids.at(0), tids.at(-1)], ["first", "last"], "a bad element costs that element only");
  },
};

const statuses: FuzzTarget = {
  name: "statuses and close reasons",
  samples: [
    "max_connections Maximum number of websocket connections exceeded.",
    "error not authorized: T.AAPL",
    "auth_failed Your plan doesn't include websocket access",
    "1008 quota",
    "ECONNRESET socket hang up",
  ],
  hold(text) {
    const [first = "", ...rest] = text.split(" ");
    const told = [
      refusalOfStatus(first, rest.join(" ")),
      refusalOfSocketError(first, rest.join(" ")),
      refusalOfClose(Number(first), rest.join(" ")),
    ];
    for (const one of told) {
      if (one === undefined) continue;
      assert(one.detail.length <= 1_000 && !/[\r\n]/.test(one.detail), "short, on one line");
    }
  },
};

const recordings: FuzzTarget = {
  name: "frames on their way into a recording",
  samples: FRAMES,
  hold(text) {
    const line = recordLine({ connection: "c", market: "stocks", feed: "realtime", rx: A_MONDAY, text });
    if (line === undefined) return;
    const read = readReplayLine(line);
    assert("frame" in read, `what is recorded can be replayed: ${JSON.stringify(read)}`);
    assert(!/[\r\n]/.test(line), "one line");
  },
};

const replay: FuzzTarget = {
  name: "replay lines",
  samples: [
    '{"at":1381152600000,"feed":"stocks","events":[{"ev":"T","sym":"AAPL","p":1,"s":1,"t":1381152600000}]}',
    '{"at":1,"feed":"business/crypto","events":[{"ev":"FMV","fmv":1,"sym":"X:BTC-USD","t":1760646477151120843}]}',
  ],
  hold(text) {
    const read = readReplayLine(text);
    if (!("frame" in read)) return assert(read.problem.length <= 300);
    assert(Number.isSafeInteger(read.frame.at));
    for (const { text: element } of read.frame.events) assert(typeof jsonOf(element) === "object", element);
  },
};

const commands: FuzzTarget = {
  name: "control commands",
  samples: [
    JSON.stringify({
      id: "1",
      at: A_MONDAY,
      command: { do: "subscribe", tickers: ["AAPL"], frequency: "tick" },
    }),
    JSON.stringify({
      id: "1",
      at: A_MONDAY,
      command: { do: "add_connection", name: "x", frequencies: ["fmv"] },
    }),
    JSON.stringify({ id: "1", at: A_MONDAY, command: { do: "reload" } }),
  ],
  hold(text) {
    const read = readCommand(text, A_MONDAY);
    if (read.ok) return assertEquals(readCommand(JSON.stringify(read.envelope), A_MONDAY), read);
    assert(read.id === undefined || read.id.length <= 64);
    assert(!read.answer.ok && read.answer.message.length <= 1_000);
  },
};

const changes: FuzzTarget = {
  name: "notes of run-time changes",
  samples: [
    '{"added":[["tick","AAPL","connection_1"]],"removed":[["minute","MSFT"]],"lanesAdded":[{"id":"connection_4","name":"x","feed":"realtime","market":"stocks","frequencies":["tick"]}],"lanesRemoved":["connection_2"],"stopped":["fmv"]}',
  ],
  hold(text) {
    const [taken, again] = [new RuntimeChanges(), new RuntimeChanges()];
    if (!taken.restore(text)) return assert(taken.isEmpty, "nothing is taken up of what can't be read");
    assert(again.restore(taken.toText()));
    assertEquals(again.toText(), taken.toText());
  },
};

const universes: FuzzTarget = {
  name: "universes",
  samples: ['{"tech_leaders:top_20":["AAPL","MSFT"],"crypto":["X:BTC-USD"]}'],
  hold(text) {
    const read = refusing(() => parseUniverses(text, "universes.json"));
    for (const tickers of read?.values() ?? []) assert(tickers.length <= UNIVERSE_MAX_TICKERS);
  },
};

const accounts: FuzzTarget = {
  name: "accounts of the simulator",
  samples: [
    '{"accounts":[{"name":"one","keys":["key"],"quota":{"stocks":1},"policy":"refuse-newest","markets":{"stocks":{"realtime":["T"]}}}],"anyKey":"one"}',
  ],
  hold: (text) => void refusing(() => parseAccounts(jsonOf(text))),
};

const SECRET = "sEcReT-a-long-one";
const settings: FuzzTarget = {
  name: "settings",
  samples: [
    `ROLE=edge\nREDIS_URL=redis://u:${SECRET}@localhost:6379\nPORT=8000\nTICK_LISTS=2\nADMIN_TOKEN=${SECRET}`,
    `MASSIVE_API_KEY=${SECRET}\nUSE_MULTI_CONNECTION=true\nWEBSOCKET_CONNECTION_1_SYMBOLS=AAPL,MSFT\nSYMBOL_PRIORITIES=AAPL:1,*:3`,
    `AUTH_MODE=jwt\nJWT_SECRET=${SECRET}${SECRET}\nJWT_ALGORITHMS=HS256\nTRUSTED_PROXIES=10.0.0.0/8\nALLOWED_ORIGINS=https://a.example\nWS_SLOW_CONSUMER_TIMEOUT=1.0`,
  ],
  hold(text) {
    const entries = text.split("\n").map((line) => {
      const equals = line.indexOf("=");
      return [equals < 0 ? line : line.slice(0, equals), equals < 0 ? "" : line.slice(equals + 1)];
    });
    const environment: Record<string, string> = Object.fromEntries(entries);
    const read = readSettings(environment, { signalThresholds: SIGNAL_THRESHOLDS, onDeploy: false });
    if (read.ok) return assert(read.settings.port >= 0 && read.settings.port <= 65_535);
    assert(read.problems.length > 0, "refused, and why is said");
    for (const { name } of read.problems) assert(name.length > 0 && name.length <= 100);
  },
};

/** All of them. */
export const UPSTREAM_TARGETS: readonly FuzzTarget[] = [
  frames,
  elements,
  statuses,
  recordings,
  replay,
  commands,
  changes,
  universes,
  accounts,
  settings,
];
