/** A polling client of `/events/{stream}`: a snapshot first, then one long poll after the other. Follows the first stream. */
import { z } from "zod";
import { isAbort } from "../../feed/clock.ts";
import { parseCursor } from "../../feed/cursor.ts";
import { headersOf, type Listen, symbolsOf } from "./load_link.ts";

/** How long a poll may wait, in seconds: under common proxies' 30 s, and what the service allows. */
const WAIT_SECONDS = 25;

const Answer = z.looseObject({
  stream: z.string(),
  cursor: z.string(),
  events: z.array(z.unknown()),
  gap: z.record(z.string(), z.unknown()).nullish(),
});

/** See {@link Listen}. */
export const listenByPoll: Listen = async (link, signal) => {
  const stream = link.streams[0] ?? "tick";
  const symbols = symbolsOf(link).join(",");
  const get = async (path: string) => {
    const response = await fetch(`${link.url}${path}`, { signal, headers: headersOf(link.token) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`poll answered ${response.status}`);
    }
    return Answer.parse(await response.json());
  };
  try {
    let { cursor } = link;
    if (cursor === "") {
      const snapshot = await get(`/snapshot/${stream}?${new URLSearchParams({ symbols })}`);
      link.opened();
      link.take(link.reader.readValue({ type: "hello" }));
      link.take({ kind: "cursor", type: "subscribed", cursor: parseCursor(snapshot.cursor) });
      link.take(link.reader.readValue({ ...snapshot, type: "snapshot", last: true }));
      cursor = snapshot.cursor;
    } else link.opened();
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const query = new URLSearchParams({ cursor, symbols, wait: String(isFirst ? 0 : WAIT_SECONDS) });
      const answer = await get(`/events/${stream}?${query}`);
      if (isFirst) link.take({ kind: "cursor", type: "subscribed", cursor: new Map() });
      if (answer.gap) link.take(link.reader.readValue({ ...answer.gap, type: "gap", cursor: "" }));
      link.take(link.reader.readValue({ ...answer, type: "events" }), parseCursor(answer.cursor));
      cursor = answer.cursor;
    }
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
};
