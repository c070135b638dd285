/** What a load run is asked to do, from the command line. Every problem is told at once. */
import { parseArgs } from "node:util";
import { TickcastError } from "../../feed/error.ts";
import { isSymbol } from "../../feed/symbol.ts";
import { STREAMS } from "../../feed/stream.ts";
import { DEFAULT_STAGES, parseStages, type Stage } from "./stages.ts";

/** How a client listens. */
export const TRANSPORTS = ["ws", "sse", "poll"] as const;
/** One of {@link TRANSPORTS}. */
export type Transport = (typeof TRANSPORTS)[number];

/** A run. */
export interface LoadPlan {
  /** Without a trailing slash; clients are dealt round. */
  readonly urls: readonly string[];
  readonly stages: readonly Stage[];
  /** Weights. */
  readonly mix: Readonly<Record<Transport, number>>;
  readonly streams: readonly string[];
  /** `["*"]` or names. */
  readonly symbols: readonly string[];
  /** Names each client takes of `symbols`, at random; 0: all of them. */
  readonly symbolsEach: number;
  /** Share of clients that read too slowly (they are event streams). */
  readonly slowShare: number;
  /** Share of clients that hang up every few seconds and come back. */
  readonly flapShare: number;
  readonly jsonFile: string | undefined;
  readonly htmlFile: string | undefined;
  readonly tokenFile: string | undefined;
  /** Where metrics are read: edges behind a balancer are named one by one. */
  readonly metricsUrls: readonly string[];
  /** Processes on this machine whose CPU and memory are watched. */
  readonly pids: readonly number[];
}

/** What `--help` prints. */
export const LOAD_USAGE = `deno task load [options]: many clients, checked by id

  --url URL          where to (http://localhost:8000); may be given several times
  --stages LIST      clients:seconds,… reached in straight lines (${DEFAULT_STAGES})
  --mix LIST         weights of transports (ws:70,sse:20,poll:10)
  --streams LIST     what clients follow (tick)
  --symbols LIST     names, or * (*)
  --each N           each client takes N of --symbols at random (0: all of them)
  --slow X           share of clients that read too slowly; server-sent events (0)
  --flap X           share of clients that hang up every 2-10 s and resume (0)
  --metrics URL      where to read an instance's metrics (each --url); may be given several times
  --pid N            process whose CPU and memory to watch, on this machine; may be given several times
  --token-file FILE  a bearer token
  --json FILE        writes all figures
  --html FILE        writes a report with plots
  --help

Exit code 1 when an event was lost undetected, came twice or out of order, or a threshold was missed:
failed connections < 1 %, p95 < 500 ms and p99 < 1 s of connecting, first snapshot and delivery, memory < 2 GB, CPU < 80 %.`;

const share = (text: string) => {
  const value = Number(text);
  return text.trim() !== "" && value >= 0 && value <= 1 ? value : undefined;
};

const words = (text: string) => text.split(",").map((word) => word.trim()).filter((word) => word !== "");

/** Reads `ws:70,sse:20,poll:10`; left-out transports weigh 0. */
function parseMix(text: string): Record<Transport, number> | undefined {
  const mix: Record<Transport, number> = { ws: 0, sse: 0, poll: 0 };
  for (const part of words(text)) {
    const [name, weight, more] = part.split(":");
    const transport = TRANSPORTS.find((one) => one === name);
    const value = Number(weight);
    if (transport === undefined || more !== undefined || !(value >= 0 && value <= 1_000_000)) {
      return undefined;
    }
    mix[transport] = value;
  }
  return mix.ws + mix.sse + mix.poll > 0 ? mix : undefined;
}

function parseUrl(text: string): string | undefined {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? text.replace(/\/+$/, "") : undefined;
  } catch {
    return undefined;
  }
}

function parseStreams(text: string): readonly string[] | undefined {
  const streams = words(text);
  return streams.length > 0 && streams.every((stream) => STREAMS.has(stream)) ? streams : undefined;
}

function parseSymbols(text: string): readonly string[] | undefined {
  const symbols = words(text);
  return symbols.length > 0 && (symbols.every(isSymbol) || text.trim() === "*") ? symbols : undefined;
}

const wholeNumber = (text: string) => /^\d{1,9}$/.test(text) ? Number(text) : undefined;

const AN_ADDRESS = "an http or https address";

const OPTIONS = {
  url: { type: "string", multiple: true },
  stages: { type: "string", default: DEFAULT_STAGES },
  mix: { type: "string", default: "ws:70,sse:20,poll:10" },
  streams: { type: "string", default: "tick" },
  symbols: { type: "string", default: "*" },
  each: { type: "string", default: "0" },
  slow: { type: "string", default: "0" },
  flap: { type: "string", default: "0" },
  metrics: { type: "string", multiple: true },
  pid: { type: "string", multiple: true },
  "token-file": { type: "string" },
  json: { type: "string" },
  html: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Takes values, and notes what is wrong with them. */
class Reader {
  readonly problems: string[] = [];

  /** `value`, or `instead` and a problem where it is undefined. */
  need<T>(name: string, given: string, value: T | undefined, rule: string, instead: T): T {
    if (value === undefined) this.problems.push(`  --${name}: ${rule}: current value is ${given}`);
    return value ?? instead;
  }

  /** Those that can be read. */
  all<T>(name: string, texts: readonly string[], read: (text: string) => T | undefined, rule: string): T[] {
    return texts.flatMap((text) => {
      const value = read(text);
      if (value === undefined) this.problems.push(`  --${name}: ${rule}: current value is ${text}`);
      return value === undefined ? [] : [value];
    });
  }
}

/**
 * Reads the arguments; undefined when help was asked for.
 * @throws {TickcastError} SETTINGS with every problem
 */
export function readLoadArguments(args: readonly string[]): LoadPlan | undefined {
  const values = parsed(args);
  if (values.help) return undefined;
  const reader = new Reader();
  const { stages, mix, slow, flap, each } = values;
  const urls = reader.all("url", values.url ?? ["http://localhost:8000"], parseUrl, AN_ADDRESS);
  const plan: LoadPlan = {
    urls,
    stages: reader.need("stages", stages, parseStages(stages), "clients:seconds, separated by commas", []),
    mix: reader.need("mix", mix, parseMix(mix), "weights of ws, sse and poll", { ws: 1, sse: 0, poll: 0 }),
    streams: reader.need(
      "streams",
      values.streams,
      parseStreams(values.streams),
      `some of ${[...STREAMS.keys()]}`,
      [],
    ),
    symbols: reader.need("symbols", values.symbols, parseSymbols(values.symbols), "names, or * alone", []),
    symbolsEach: reader.need("each", each, wholeNumber(each), "a whole number", 0),
    slowShare: reader.need("slow", slow, share(slow), "a number from 0 to 1", 0),
    flapShare: reader.need("flap", flap, share(flap), "a number from 0 to 1", 0),
    jsonFile: values.json,
    htmlFile: values.html,
    tokenFile: values["token-file"],
    metricsUrls: values.metrics === undefined
      ? urls
      : reader.all("metrics", values.metrics, parseUrl, AN_ADDRESS),
    pids: reader.all("pid", values.pid ?? [], wholeNumber, "a process id"),
  };
  if (reader.problems.length > 0) refuse(reader.problems.join("\n"));
  return plan;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    return refuse(`  ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

function refuse(problems: string, cause?: unknown): never {
  throw new TickcastError("SETTINGS", `Cannot load as arguments are wrong:\n${problems}`, { cause });
}
