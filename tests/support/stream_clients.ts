/**
 * Clients as outsiders write them, one per transport: they collect what a stream sends, keep their cursor, and count what
 * they were told was lost. Nothing of `src/` is used to read the wire.
 */

/** What one client saw of one stream. */
export interface Collected {
  readonly events: Record<string, unknown>[];
  readonly gaps: Record<string, unknown>[];
  cursor: string;
}

/** A collecting client. */
export interface CollectingClient extends AsyncDisposable {
  readonly transport: "ws" | "sse" | "poll";
  readonly seen: ReadonlyMap<string, Collected>;
  /** Resolves once `done` holds of what was seen; rejects after `deadlineMs`, or when the stream ends first. */
  until(done: (seen: ReadonlyMap<string, Collected>) => boolean, deadlineMs: number): Promise<void>;
}

class Collector {
  readonly seen: Map<string, Collected>;
  #waiters = new Set<() => void>();
  failure: Error | undefined;

  constructor(streams: readonly string[]) {
    this.seen = new Map(streams.map((stream) => [stream, { events: [], gaps: [], cursor: "" }]));
  }

  add(stream: string, events: Record<string, unknown>[], cursor: string): void {
    const one = this.seen.get(stream);
    if (!one) return this.fail(new Error(`events of ${stream}, which was not asked for`));
    for (const event of events) one.events.push(event);
    one.cursor = cursor;
    this.#wake();
  }

  gap(stream: string, gap: Record<string, unknown>): void {
    this.seen.get(stream)?.gaps.push(gap);
    this.#wake();
  }

  fail(error: Error): void {
    this.failure ??= error;
    this.#wake();
  }

  until(done: (seen: ReadonlyMap<string, Collected>) => boolean, deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (done(this.seen)) finish(resolve);
        else if (this.failure) finish(() => reject(this.failure));
      };
      const finish = (end: () => void) => {
        clearTimeout(deadline);
        this.#waiters.delete(check);
        end();
      };
      const state = () =>
        [...this.seen].map(([stream, one]) =>
          `${stream} ${one.events.length} events, ${one.gaps.length} gaps`
        ).join("; ");
      const deadline = setTimeout(
        () => finish(() => reject(new Error(`not seen within ${deadlineMs} ms; so far ${state()}`))),
        deadlineMs,
      );
      this.#waiters.add(check);
      check();
    });
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}

type Json = Record<string, unknown>;
const text = (value: unknown) => typeof value === "string" ? value : "";
const list = (value: unknown): Json[] => Array.isArray(value) ? value : [];

/** A WebSocket client of `/ws`, from `cursor` on. */
export function collectByWebSocket(
  base: string,
  streams: readonly string[],
  cursor: string,
  extra: Json = {},
): CollectingClient {
  const collector = new Collector(streams);
  const socket = new WebSocket(`${base.replace("http", "ws")}/ws`, "tickcast.v1");
  const closed = new Promise<void>((resolve) =>
    socket.addEventListener("close", () => resolve(), { once: true })
  );
  let leaving = false;
  socket.onopen = () =>
    socket.send(JSON.stringify({ action: "subscribe", streams, symbols: ["*"], cursor, ...extra }));
  socket.onclose = (event) =>
    leaving || collector.fail(new Error(`socket closed with ${event.code} ${event.reason}`));
  socket.onmessage = ({ data }) => {
    const message: Json = JSON.parse(data);
    if (message.type === "events") {
      collector.add(text(message.stream), list(message.events), text(message.cursor));
    } else if (message.type === "gap") collector.gap(text(message.stream), message);
    else if (message.type === "error") collector.fail(new Error(`error ${message.code}: ${message.message}`));
  };
  return {
    transport: "ws",
    seen: collector.seen,
    until: (done, deadlineMs) => collector.until(done, deadlineMs),
    async [Symbol.asyncDispose]() {
      leaving = true;
      socket.close(1000);
      await closed;
    },
  };
}

/** A server-sent-events client of `/sse`, read by fetch so that every byte counts. */
export function collectBySse(base: string, streams: readonly string[], cursor: string): CollectingClient {
  const collector = new Collector(streams);
  const stop = new AbortController();
  const read = async () => {
    const response = await fetch(
      `${base}/sse?streams=${streams.join(",")}&cursor=${encodeURIComponent(cursor)}`,
      { headers: { accept: "text/event-stream" } },
    );
    if (!response.ok || !response.body) throw new Error(`SSE answered ${response.status}`);
    // Cancelled by its reader: an abort of fetch's signal was seen to go unheard once a stream had run for minutes.
    const reader = response.body.getReader();
    stop.signal.addEventListener("abort", () => reader.cancel().catch(() => {}), { once: true });
    const decoder = new TextDecoder();
    let buffered = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      buffered += decoder.decode(read.value, { stream: true });
      const blocks = buffered.split("\n\n");
      buffered = blocks.pop() ?? "";
      for (const block of blocks) take(block);
    }
    throw new Error("SSE ended");
  };
  const take = (block: string) => {
    const field = (name: string) =>
      block.split("\n").filter((line) => line.startsWith(`${name}:`)).map((line) =>
        line.slice(name.length + 1).trimStart()
      ).join("\n");
    const event = field("event");
    if (collector.seen.has(event)) collector.add(event, JSON.parse(field("data")), field("id"));
    else if (event === "gap") {
      const gap: Json = JSON.parse(field("data"));
      collector.gap(text(gap.stream), gap);
    } else if (event === "fault") collector.fail(new Error(`fault ${field("data")}`));
  };
  const done = read().catch((error) => stop.signal.aborted || collector.fail(error));
  return {
    transport: "sse",
    seen: collector.seen,
    until: (until, deadlineMs) => collector.until(until, deadlineMs),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

/** A polling client of `/events/{stream}`, one loop per stream. */
export function collectByPoll(
  base: string,
  streams: readonly string[],
  cursor: string,
  waitSeconds = 5,
): CollectingClient {
  const collector = new Collector(streams);
  const stop = new AbortController();
  const loop = async (stream: string) => {
    let at = cursor;
    while (!stop.signal.aborted) {
      const response = await fetch(
        `${base}/events/${stream}?cursor=${encodeURIComponent(at)}&wait=${waitSeconds}`,
        { signal: stop.signal },
      );
      const body: Json = await response.json();
      if (!response.ok) throw new Error(`poll answered ${response.status} ${JSON.stringify(body)}`);
      if (body.gap) collector.gap(stream, { stream, ...Object(body.gap) });
      at = text(body.cursor);
      collector.add(stream, list(body.events), at);
    }
  };
  const done = Promise.all(
    streams.map((stream) => loop(stream).catch((error) => stop.signal.aborted || collector.fail(error))),
  );
  return {
    transport: "poll",
    seen: collector.seen,
    until: (until, deadlineMs) => collector.until(until, deadlineMs),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}
