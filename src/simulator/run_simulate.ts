/** `deno task simulate`: the simulator as a program of its own. */
import { parseArgs } from "node:util";
import type { Clock } from "../feed/clock.ts";
import { describeError, TickcastError } from "../feed/error.ts";
import type { Log } from "../feed/log.ts";
import { type Accounts, parseAccounts } from "./protocol/accounts.ts";
import { assertReplayable } from "./replay/replay_file.ts";
import type { SimulatorOptions } from "./simulator_options.ts";
import { startSimulator } from "./start_simulator.ts";

/** What the program is given. */
export interface SimulateDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Takes lines for the person who started it. */
  readonly print: (line: string) => void;
  /** Aborts when it should end (SIGINT, SIGTERM). */
  readonly signal: AbortSignal;
}

const USAGE = `deno task simulate [options]: an upstream that behaves like Massive's

  --port N         where to listen (8001)
  --host H         on which address (127.0.0.1)
  --seed N         the same seed gives the same market (1)
  --symbols N      stocks, the most active first (100)
  --rate X         trades a second in calm trading, bars and fair values on top (200)
  --replay FILE    replay a recording instead: NDJSON, NDJSON.gz, or a folder of recorded hours
  --speed N        1 as recorded, N times faster, 0 as fast as the clients read (1)
  --accounts FILE  keys, entitlements and quotas (any key may do everything)
  --calendar       stocks keep New York's hours and holidays
  --help`;

/** Exit code of a run that was told something wrong. */
const WRONG_USE = 2;

/** Runs until the signal aborts. Answers the exit code: 0 after a clean stop, 2 for wrong arguments or files. */
export async function runSimulate(args: readonly string[], deps: SimulateDeps): Promise<number> {
  try {
    const options = await readOptions(args);
    if (!options) {
      deps.print(USAGE);
      return 0;
    }
    const simulator = await startSimulator(options, deps);
    const replayed = options.replay
      ? `replays ${options.replay.file} at speed ${options.speed ?? 1}`
      : "makes up a market";
    deps.print(`The simulator listens at ${simulator.url} and ${replayed}.
  real-time feeds   ${simulator.url}/stocks  ${simulator.url}/crypto
  business feeds    ${simulator.url}/business/stocks  ${simulator.url}/business/crypto
  for tickcast      MASSIVE_API_KEY=simulator MASSIVE_REALTIME_URL=${simulator.url} MASSIVE_BUSINESS_URL=${simulator.url}/business
  faults            curl ${simulator.url.replace("ws:", "http:")}/control`);
    simulator.replayDone.catch((error) => deps.print(describeError(error)));
    await untilAborted(deps.signal);
    await simulator.stop();
    return 0;
  } catch (error) {
    deps.print(error instanceof Error ? error.message : describeError(error));
    return WRONG_USE;
  }
}

const ARGUMENTS = {
  port: { type: "string", default: "8001" },
  host: { type: "string", default: "127.0.0.1" },
  seed: { type: "string", default: "1" },
  symbols: { type: "string", default: "100" },
  rate: { type: "string", default: "200" },
  replay: { type: "string" },
  speed: { type: "string", default: "1" },
  accounts: { type: "string" },
  calendar: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Undefined when help was asked for. */
async function readOptions(args: readonly string[]): Promise<SimulatorOptions | undefined> {
  const { values } = parseArgs({ args: [...args], options: ARGUMENTS });
  if (values.help) return undefined;
  const problems: string[] = [];
  const number = (name: "port" | "seed" | "symbols" | "rate" | "speed", high: number, whole: boolean) => {
    const value = Number(values[name]);
    if (values[name].trim() === "" || !(value >= 0 && value <= high) || (whole && !Number.isInteger(value))) {
      const wanted = `${whole ? "a whole number" : "a number"} from 0 to ${high}`;
      problems.push(`  --${name}: ${wanted}: current value is ${values[name]}`);
    }
    return value;
  };
  const numbers = {
    port: number("port", 65_535, true),
    seed: number("seed", 4_294_967_295, true),
    symbols: number("symbols", 20_000, true),
    rate: number("rate", 200_000, false),
    speed: number("speed", 10_000, false),
  };
  if (problems.length > 0) {
    throw new TickcastError("SETTINGS", `Cannot simulate as arguments are wrong:\n${problems.join("\n")}`);
  }
  if (values.replay !== undefined) await assertReplayable(values.replay);
  return {
    ...numbers,
    host: values.host,
    alwaysOpen: !values.calendar,
    replay: values.replay === undefined ? undefined : { file: values.replay },
    accounts: values.accounts === undefined ? undefined : await readAccounts(values.accounts),
  };
}

async function readAccounts(path: string): Promise<Accounts> {
  let content: unknown;
  try {
    content = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new TickcastError(
      "SETTINGS",
      `Cannot read accounts as the file is missing or no JSON: current value is ${path}`,
      {
        cause,
      },
    );
  }
  return parseAccounts(content);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
