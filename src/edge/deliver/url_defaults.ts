/**
 * What a socket's URL says for the whole connection: streams, shape, a first subscription. What is wrong in it is told on the
 * open socket, which lives on.
 */
import { TickcastError } from "../../feed/error.ts";
import type { ConnectionDefaults } from "./command_desk.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { Principal } from "../admit/principal.ts";
import { checkStreams } from "./subscription_ask.ts";
import { readQuery } from "./subscription_query.ts";
import { UrlMemo } from "./url_memo.ts";

/** See the file comment. */
export class UrlDefaults {
  readonly #readings = new UrlMemo<ConnectionDefaults>(isLasting);

  constructor(readonly core: EdgeCore) {}

  of(url: string, stream: string | undefined): ConnectionDefaults {
    return this.#readings.of(url, () => read(this.core, new URL(url), stream));
  }
}

/** It will be read the same for the next client: no plan entered it, and a cursor is hardly anybody else's. */
const isLasting = ({ streams, fault, request, cursor }: ConnectionDefaults): boolean =>
  streams !== undefined && fault === undefined && cursor === undefined && request?.cursor === undefined;

function read(core: EdgeCore, url: URL, stream: string | undefined): ConnectionDefaults {
  const named = stream === undefined ? undefined : [stream];
  try {
    const query = readQuery(url);
    const streams = named ?? query.streams;
    if (streams !== undefined) checkKnown(core, streams);
    const shape = { mode: query.mode, maxHz: query.maxHz, fields: query.fields };
    const isAsking = query.symbols !== undefined;
    return {
      streams,
      fault: undefined,
      request: isAsking
        ? {
          id: undefined,
          streams: streams ?? publishedStreams(core),
          symbols: query.symbols,
          cursor: query.cursor,
          shape,
          snapshot: query.snapshot ?? false,
        }
        : undefined,
      shape,
      cursor: isAsking ? undefined : query.cursor,
    };
  } catch (error) {
    if (!(error instanceof TickcastError)) throw error;
    return { streams: named, fault: error, request: undefined, shape: undefined, cursor: undefined };
  }
}

/** Streams that are on, as far as this release knows them. */
export const publishedStreams = ({ plan, feeds }: EdgeCore): readonly string[] =>
  (plan.streams() ?? [...feeds.streams.keys()]).filter((stream) => feeds.streams.has(stream));

function checkKnown(core: EdgeCore, streams: readonly string[]): void {
  checkStreams(streams, core.feeds.streams, EVERYBODY);
}

/** Rights are judged when the client is known; names can be judged before. */
const EVERYBODY: Principal = {
  subject: "",
  tier: "standard",
  expiresAtMs: undefined,
  streams: undefined,
  symbols: undefined,
};
