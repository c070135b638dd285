/** What a client holds of its streams, as it is told. */
import { patternList } from "../../feed/symbol.ts";
import type { Wanted } from "../follow/wanted.ts";

/** What a client holds of one stream. */
export interface HeldSubscription {
  readonly stream: string;
  readonly symbols: readonly string[];
  readonly mode: "all" | "latest";
  readonly max_hz: number | null;
  readonly fields: readonly string[] | null;
}

/** What is held of one stream, as it is told. */
export const heldSubscription = (stream: string, wanted: Wanted): HeldSubscription => ({
  stream,
  symbols: patternList(wanted.patterns),
  mode: wanted.mode,
  max_hz: wanted.maxHz ?? null,
  fields: wanted.fields === undefined ? null : [...wanted.fields],
});
