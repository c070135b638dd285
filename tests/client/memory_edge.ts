/**
 * An edge in memory on all three transports, with one stream and a pipe per connection: what it has said arrives a message at a
 * time, when the test lets it, so that a connection can break at any of them.
 */
import { type FakeEvent, type FakeList, takes } from "./fake_edge.ts";
import type { MemoryNet, MemorySocket } from "./memory_net.ts";

/** One client's place in the list, and what was said to it and has not arrived. */
interface Pipe {
  epoch: string;
  /** Seq of the next event it gets; undefined: it follows nothing. */
  next: number | undefined;
  symbols: ReadonlySet<string>;
  readonly outbox: Record<string, unknown>[];
  /** Events it was sent, to be sent again by mistake. */
  sent: Record<string, unknown>[];
  /** Lets a message arrive, or half of it. */
  arrive(message: Record<string, unknown>, isHalf: boolean): void;
  cut(code: number): void;
}

/** Events a message carries at most. */
const FRAME_EVENTS = 3;

/** What each door answers: 0 lets in, 1 breaks without a word, the rest are HTTP statuses. */
export interface Doors {
  ws: number;
  sse: number;
  poll: number;
}

/** See the file's own words. */
export class MemoryEdge {
  readonly list: FakeList = { epoch: epochOf(1000), first: 1, events: [] };
  readonly doors: Doors = { ws: 0, sse: 0, poll: 0 };
  /** All events ever, by their number. */
  readonly produced: FakeEvent[] = [];
  readonly pipes = new Set<Pipe>();
  readonly #polls = new Set<(isLost: boolean) => void>();
  #highest = 1000;
  #lowest = 1000;

  constructor(readonly net: MemoryNet) {
    net.onSocket = (socket) => this.#socket(socket);
    net.onRequest = (url, signal) => this.#request(url, signal);
  }

  get #end(): number {
    return this.list.first + this.list.events.length;
  }

  append(sym: string): void {
    const n = this.produced.length + 1;
    const event = { id: `${this.list.epoch}-${this.#end}`, type: "trade", sym, t: n, rx: n, price: n };
    this.produced.push(event);
    this.list.events.push(event);
    for (const pipe of this.pipes) this.#tell(pipe);
    for (const answer of [...this.#polls]) answer(false);
  }

  /** The oldest go. */
  trim(keep: number): void {
    this.list.first += Math.max(0, this.list.events.length - keep);
    this.list.events.splice(0, Math.max(0, this.list.events.length - keep));
  }

  /** The list is lost and begins anew, named by a clock that went on or back. */
  restart(isHigher: boolean): void {
    const epoch = epochOf(isHigher ? ++this.#highest : --this.#lowest);
    Object.assign(this.list, { epoch, first: 1, events: [] });
    for (const pipe of this.pipes) this.#tell(pipe);
  }

  /** Lets some messages of every pipe arrive. */
  flow(count: number): void {
    for (const pipe of this.pipes) {
      for (const message of pipe.outbox.splice(0, count)) {
        if (message.type === "events") pipe.sent.push(message);
        // Past a new beginning the old ids may stand for other events: a repeat of them would be a lie, not a mistake.
        if (message.cause === "epoch") pipe.sent = [];
        pipe.arrive(message, false);
      }
    }
  }

  /** Something already sent arrives again. */
  repeat(nth: number): void {
    for (const pipe of this.pipes) {
      const message = pipe.sent[nth % Math.max(1, pipe.sent.length)];
      if (message) pipe.arrive(message, false);
    }
  }

  /** Every connection breaks, halfway through a message where one is waiting. */
  cut(code: number): void {
    for (const pipe of [...this.pipes]) {
      const [message] = pipe.outbox;
      if (message) pipe.arrive(message, true);
      this.pipes.delete(pipe);
      pipe.cut(code);
    }
    for (const answer of [...this.#polls]) answer(true);
  }

  /** Every connection is dead and no side was told, as after a sleep. */
  vanish(): void {
    this.pipes.clear();
    this.#polls.clear();
  }

  #socket(socket: MemorySocket): void {
    if (this.doors.ws !== 0) return socket.drop(1006);
    const pipe = this.#pipe({
      arrive: (message, isHalf) => isHalf || socket.say(message),
      cut: (code) => socket.drop(code),
    });
    socket.onLeft = () => void this.pipes.delete(pipe);
    socket.accept();
    pipe.outbox.push({ type: "hello", edge: "memory", heartbeat_ms: 15_000 });
    socket.onSent = ({ action, symbols, cursor, snapshot }) => {
      if (action === "subscribe") this.#follow(pipe, symbols, cursor, snapshot === true);
      if (action === "unsubscribe") leave(pipe, symbols);
      if (action === "ping") pipe.outbox.push({ type: "pong", cursor: cursorOf(pipe), time: 0 });
    };
  }

  #request(url: URL, signal: AbortSignal): Response | Promise<Response> {
    const door = { "/ws": this.doors.ws || 426, "/sse": this.doors.sse }[url.pathname] ?? this.doors.poll;
    if (door === 1) throw new TypeError("broken");
    if (door !== 0) return Response.json({}, { status: door });
    return url.pathname === "/sse" ? this.#stream(url, signal) : this.#poll(url, signal);
  }

  #stream(url: URL, signal: AbortSignal): Response {
    const encoder = new TextEncoder();
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (one) => void (controller = one) });
    const pipe = this.#pipe({
      arrive(message, isHalf) {
        const text = blockOf(message);
        controller?.enqueue(encoder.encode(isHalf ? text.slice(0, text.length / 2) : text));
      },
      cut: () => controller?.close(),
    });
    signal.addEventListener("abort", () => void this.pipes.delete(pipe), { once: true });
    pipe.outbox.push({ type: "hello", edge: "memory" });
    const { searchParams: query } = url;
    const hasSnapshot = query.get("snapshot") === "true";
    this.#follow(pipe, query.get("symbols")?.split(","), query.get("cursor"), hasSnapshot);
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  async #poll(url: URL, signal: AbortSignal): Promise<Response> {
    const pipe = this.#pipe({ arrive() {}, cut() {} });
    this.pipes.delete(pipe);
    this.#place(pipe, url.searchParams.get("symbols")?.split(","), url.searchParams.get("cursor"));
    if (url.pathname === "/snapshot/tick") return Response.json(this.#snapshot(pipe));
    const hasNews = pipe.epoch !== this.list.epoch || (pipe.next ?? 0) < this.#end;
    if (!hasNews && url.searchParams.has("wait")) await this.#news(url, signal);
    const gap = this.#gapOf(pipe);
    const events = this.list.events.slice((pipe.next ?? this.#end) - this.list.first).filter((event) =>
      isWanted(pipe, event)
    );
    pipe.next = this.#end;
    return Response.json({ stream: "tick", cursor: cursorOf(pipe), events, gap: gap ?? null });
  }

  /** Until something happens, the wait is over or the answer is lost on its way. */
  #news(url: URL, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (isLost: boolean) => {
        timer[Symbol.dispose]();
        this.#polls.delete(done);
        if (isLost) reject(new TypeError("lost"));
        else resolve();
      };
      const timer = this.net.clock.timer(Number(url.searchParams.get("wait")) * 1000, () => done(false));
      signal.addEventListener("abort", () => done(true), { once: true });
      this.#polls.add(done);
    });
  }

  #pipe(ends: Pick<Pipe, "arrive" | "cut">): Pipe {
    const pipe = { epoch: "", next: undefined, symbols: new Set<string>(), outbox: [], sent: [], ...ends };
    this.pipes.add(pipe);
    return pipe;
  }

  #follow(pipe: Pipe, symbols: unknown, cursor: unknown, hasSnapshot: boolean): void {
    if (pipe.next === undefined) this.#place(pipe, symbols, cursor);
    else pipe.symbols = new Set([...pipe.symbols, ...namesOf(symbols)]);
    pipe.outbox.push({ type: "subscribed", cursor: cursorOf(pipe) });
    this.#tell(pipe);
    if (hasSnapshot) pipe.outbox.push({ type: "snapshot", ...this.#snapshot(pipe) });
  }

  /** The latest of each symbol, and where that is true. */
  #snapshot(pipe: Pipe): Record<string, unknown> {
    const latest = new Map<string, FakeEvent>();
    for (const event of this.list.events) if (isWanted(pipe, event)) latest.set(event.sym, event);
    const cursor = `tick:${this.list.epoch}-${this.#end - 1}`;
    return { stream: "tick", cursor, events: [...latest.values()], last: true };
  }

  #place(pipe: Pipe, symbols: unknown, cursor: unknown): void {
    pipe.symbols = new Set(namesOf(symbols));
    const [, epoch, seq] = /^tick:([^-]+)-(\d+)$/.exec(String(cursor)) ?? [];
    pipe.epoch = epoch ?? this.list.epoch;
    pipe.next = seq === undefined ? this.#end : Number(seq) + 1;
  }

  /** What of the list the pipe has not been told, as messages. */
  #next(pipe: Pipe): Record<string, unknown>[] {
    if (pipe.next === undefined) return [];
    const messages: Record<string, unknown>[] = [];
    const gap = this.#gapOf(pipe);
    if (gap) messages.push(gap);
    while (pipe.next < this.#end) {
      const at: number = pipe.next - this.list.first;
      const frame = this.list.events.slice(at, at + FRAME_EVENTS);
      pipe.next += frame.length;
      const events = frame.filter((event) => isWanted(pipe, event));
      if (events.length > 0) {
        messages.push({ type: "events", stream: "tick", cursor: cursorOf(pipe), events });
      }
    }
    return messages;
  }

  #gapOf(pipe: Pipe): Record<string, unknown> | undefined {
    const { epoch, first } = this.list;
    const { next = 0 } = pipe;
    if (pipe.epoch === epoch && next >= first) return undefined;
    const after = `${pipe.epoch}-${next - 1}`;
    const isSame = pipe.epoch === epoch;
    Object.assign(pipe, { epoch, next: first });
    return {
      type: "gap",
      stream: "tick",
      after,
      before: `${epoch}-${first}`,
      lost: isSame ? first - next : null,
      cause: isSame ? "evicted" : "epoch",
      cursor: cursorOf(pipe),
    };
  }

  #tell(pipe: Pipe): void {
    pipe.outbox.push(...this.#next(pipe));
  }
}

const epochOf = (value: number): string => value.toString(36).padStart(8, "0");
const cursorOf = ({ epoch, next = 1 }: Pipe): string => `tick:${epoch}-${next - 1}`;
const namesOf = (symbols: unknown): string[] => Array.isArray(symbols) ? symbols.map(String) : ["*"];
const isWanted = ({ symbols }: Pipe, { sym }: FakeEvent): boolean => takes(symbols, sym);

/** Some symbols go, or the whole stream. */
function leave(pipe: Pipe, symbols: unknown): void {
  const going = namesOf(symbols);
  const left = going.includes("*") ? [] : [...pipe.symbols].filter((symbol) => !going.includes(symbol));
  pipe.symbols = new Set(left);
  if (left.length === 0) pipe.next = undefined;
}

function blockOf({ type, events, cursor, ...rest }: Record<string, unknown>): string {
  const id = cursor === undefined ? "" : `id: ${cursor}\n`;
  return type === "events"
    ? `${id}event: tick\ndata: ${JSON.stringify(events)}\n\n`
    : `${id}event: ${type}\ndata: ${JSON.stringify(rest)}\n\n`;
}
