/** What the simulated market is made of, and what it is like unless told. */

/** How long a step is. */
export const STEP_MS = 50;

/** What the simulated market is like. */
export interface GeneratorOptions {
  readonly seed: number;
  /** Stocks, the most active first: real tickers, then made-up ones. */
  readonly symbols: number;
  /** Crypto pairs, at most the dozen there are. */
  readonly cryptoPairs: number;
  /** Mean trades a second in calm trading, all markets together; bars and fair values come on top. */
  readonly rate: number;
  /** Data whatever the wall clock says; else stocks keep New York's hours and holidays. */
  readonly alwaysOpen: boolean;
  /** Trading starts busy and calms down. */
  readonly openBurst: boolean;
  /** How long after its second a second bar is sent: the real one waits 2 s for late prints. */
  readonly secondHoldMs: number;
  /** Least time between two fair values of one symbol. */
  readonly fairValueEveryMs: number;
  /** Off-exchange prints reported late, of all stock trades; each makes bars go out again. */
  readonly lateShare: number;
  /** Mean delay of a late print; at most 15 minutes. */
  readonly lateMeanMs: number;
}

/** A market like a quiet day's, for one process. */
export const DEFAULT_GENERATOR: GeneratorOptions = {
  seed: 1,
  symbols: 20,
  cryptoPairs: 14,
  rate: 100,
  alwaysOpen: true,
  openBurst: true,
  secondHoldMs: 2000,
  fairValueEveryMs: 1000,
  lateShare: 0.002,
  lateMeanMs: 20_000,
};
