/** Settings of the simulator that role `all` starts when there is no key. */
import { decimal, integer, words } from "./setting_kind.ts";
import { optional, setting } from "./setting_spec.ts";

/** See the file's head. */
export const SIMULATOR_TABLE = {
  SIMULATOR_SEED: setting(integer(0, 4_294_967_295, 7), "1", "The same seed gives the same market."),
  SIMULATOR_SYMBOLS: setting(integer(1, 12_000, 200), "60", "How many symbols it trades."),
  SIMULATOR_RATE: setting(decimal(0, 100_000, 200), "120", "Trades a second, on average."),
  SIMULATOR_REPLAY: optional(
    words("the path of an NDJSON or NDJSON.gz recording, or of a folder of recorded hours", "open.ndjson.gz"),
    "Replay a recording instead of making a market up.",
  ),
  SIMULATOR_SPEED: setting(
    decimal(0, 10_000, 30),
    "1",
    "Speed of the replay; 0 is as fast as ingest takes it.",
  ),
};
