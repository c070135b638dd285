/** What a simulator is started with, and what can be done with a running one. */
import { DEFAULT_GENERATOR, type GeneratorOptions } from "./generator/generator_options.ts";
import type { Accounts, AccountsInput } from "./protocol/accounts.ts";
import type { Behaviour } from "./protocol/behaviour.ts";
import type { ConnectionState } from "./connection.ts";
import type { ReplaySummary } from "./replay/replayer.ts";
import type { RecordedFeed } from "./feed_path.ts";

/** A recording to replay instead of the generated market. */
export interface ReplayOptions {
  /** NDJSON, or NDJSON.gz when the name ends so. */
  readonly file: string;
  /** Feeds that must be subscribed before it begins. Default: those the recording's first lines name, for `graceMs`. */
  readonly waitForFeeds?: readonly RecordedFeed[] | undefined;
  /** How long missing feeds are waited for after the first subscription. Default 5 s; for ever with `waitForFeeds`. */
  readonly graceMs?: number | undefined;
  /** Quiet time after the last subscription before it begins. Default 500 ms. */
  readonly settleMs?: number | undefined;
}

/** Options of {@link startSimulator}; everything has a default. */
export interface SimulatorOptions extends Partial<GeneratorOptions> {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0: any free one. */
  readonly port?: number | undefined;
  /** 1: as the clock goes; N: N times faster; 0: as fast as the readers (and `mayContinue`) take it. */
  readonly speed?: number | undefined;
  readonly replay?: ReplayOptions | undefined;
  /** Parsed accounts (`parseAccounts`) or the content of an accounts file. Default: any key may do everything. */
  readonly accounts?: Accounts | AccountsInput | undefined;
  /** How the service behaves from the start; `control` changes it at run time. */
  readonly behaviour?: Partial<Behaviour> | undefined;
  /** Asked at speed 0: whether the process around can take more. */
  readonly mayContinue?: (() => boolean) | undefined;
  /** Called with the data events of every frame the kernel took: what reached a connection, for a test's sums. */
  readonly onWritten?: ((connection: number, events: readonly string[]) => void) | undefined;
}

/** What `GET /control` answers. */
export interface SimulatorState {
  readonly connections: readonly ConnectionState[];
  /** Slots taken, those waiting for release included. */
  readonly slots: number;
  readonly accepted: number;
  readonly refusedUpgrades: number;
  /** Data events handed to the kernel, of all connections ever. */
  readonly events: number;
  /** Simulated time, Unix ms; null while replaying. */
  readonly now: number | null;
}

/** A running simulator. */
export interface Simulator extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>`: real-time markets are paths under it, the business host's under `/business`. */
  readonly url: string;
  readonly port: number;
  state(): SimulatorState;
  /**
   * Does one misbehaviour (`faults/fault_table.ts`), as `POST /control` does.
   * @throws {TickcastError} BAD_REQUEST with every problem when the command is none.
   */
  control(command: Readonly<Record<string, unknown>>): ControlAnswer;
  /** What became of the replay; never settles without one, or when stopped before its end. Rejects when the file can't be read. */
  readonly replayDone: Promise<ReplaySummary>;
  /** Drops every connection and frees the port. */
  stop(): Promise<void>;
}

/** What a command did. */
export interface ControlAnswer {
  readonly fault: string;
  /** Connections it touched, where it is about some. */
  readonly connections?: readonly number[] | undefined;
  /** Events it sent, where it sends some. */
  readonly events?: number | undefined;
}

/** Generator's part of the options, defaults filled in. */
export const generatorOptions = (options: SimulatorOptions): GeneratorOptions => ({
  seed: options.seed ?? DEFAULT_GENERATOR.seed,
  symbols: options.symbols ?? DEFAULT_GENERATOR.symbols,
  cryptoPairs: options.cryptoPairs ?? DEFAULT_GENERATOR.cryptoPairs,
  rate: options.rate ?? DEFAULT_GENERATOR.rate,
  alwaysOpen: options.alwaysOpen ?? DEFAULT_GENERATOR.alwaysOpen,
  openBurst: options.openBurst ?? DEFAULT_GENERATOR.openBurst,
  secondHoldMs: options.secondHoldMs ?? DEFAULT_GENERATOR.secondHoldMs,
  fairValueEveryMs: options.fairValueEveryMs ?? DEFAULT_GENERATOR.fairValueEveryMs,
  lateShare: options.lateShare ?? DEFAULT_GENERATOR.lateShare,
  lateMeanMs: options.lateMeanMs ?? DEFAULT_GENERATOR.lateMeanMs,
});
