/** A stream on its way through ingest: its channel, and an appender and a pacer for each of its lists. */
import type { AppendPacer } from "./append_pacer.ts";
import type { Appender } from "./appender.ts";
import type { Channel } from "./channel.ts";

/** One stream with what appends its lists. */
export interface StreamPath {
  readonly channel: Channel;
  readonly appenders: ReadonlyMap<string, Appender>;
  readonly pacers: readonly AppendPacer[];
}
