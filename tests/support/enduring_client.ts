/**
 * A client as an outsider writes it that never gives up: it follows one stream over one leg (an edge and a transport) and, when that
 * ends, goes on over the next with its cursor. Nothing of `src/` reads the wire.
 */
import { ToldTimeline } from "./told_timeline.ts";

/** Where and how. */
export interface Leg {
  readonly base: string;
  readonly transport: Transport;
}
export type Transport = "ws" | "sse" | "poll";
export const TRANSPORTS: readonly Transport[] = ["ws", "sse", "poll"];

const RETRY_MS = 150;
type Json = Record<string, unknown>;

/** See the file comment. */
export class EnduringClient implements AsyncDisposable {
  readonly told: ToldTimeline;
  /** Where it would resume. */
  cursor = "";
  /** Connections that ended under it, or could not be had. */
  losses = 0;
  /** States of the stream that heartbeats have told. */
  readonly states = new Set<string>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  /** Ends the present connection. */
  #cut = new AbortController();
  #absence: PromiseWithResolvers<void> | undefined;
  #legs: readonly [Leg, ...Leg[]];
  #leg = 0;

  /** @param legs taken in turn; the last is kept */
  constructor(readonly stream: string, legs: readonly [Leg, ...Leg[]]) {
    this.told = new ToldTimeline(stream);
    this.#legs = legs;
    this.#done = this.#live();
  }

  get leg(): Leg {
    return this.#legs[Math.min(this.#leg, this.#legs.length - 1)] ?? this.#legs[0];
  }

  get name(): string {
    return this.#legs.map(({ base, transport }) => `${transport} ${new URL(base).port}`).join(" → ");
  }

  /** Leaves, and stays away until {@link comeBack}. */
  goAway(): void {
    this.#absence ??= Promise.withResolvers();
    this.#cut.abort();
  }

  /** Goes on with its cursor, over this leg from now on. */
  comeBack(leg: Leg): void {
    this.#legs = [leg];
    this.#absence?.resolve();
    this.#absence = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#absence?.resolve();
    this.#cut.abort();
    await this.#done;
  }

  async #live(): Promise<void> {
    const follow = { ws: this.#socket, sse: this.#stream, poll: this.#poll };
    while (!this.#stop.signal.aborted) {
      // Told to leave while there was no connection to cut.
      await this.#absence?.promise;
      if (this.#stop.signal.aborted) return;
      const { base, transport } = this.leg;
      await follow[transport].call(this, base, this.#cut.signal).catch(() => {});
      if (this.#stop.signal.aborted) return;
      if (this.#absence !== undefined) await this.#absence.promise;
      else {
        this.losses++;
        this.#leg++;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      this.#cut = new AbortController();
      if (this.#stop.signal.aborted) this.#cut.abort();
    }
  }

  #socket(base: string, cut: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = new WebSocket(`${base.replace("http", "ws")}/ws/${this.stream}`, "tickcast.v1");
    const leave = () => socket.close(1000);
    cut.addEventListener("abort", leave, { once: true });
    socket.onopen = () => {
      const from = this.cursor === "" ? {} : { cursor: this.cursor };
      socket.send(JSON.stringify({ action: "subscribe", symbols: ["*"], ...from }));
    };
    socket.onmessage = ({ data }) => {
      const message: Json = JSON.parse(data);
      this.#take(String(message.type), message, message.events, message.cursor);
    };
    socket.onerror = (event) => event.preventDefault();
    socket.onclose = () => resolve();
    return promise.finally(() => cut.removeEventListener("abort", leave));
  }

  async #stream(base: string, cut: AbortSignal): Promise<void> {
    const headers: Record<string, string> = this.cursor === "" ? {} : { "last-event-id": this.cursor };
    const response = await fetch(`${base}/sse/${this.stream}`, { headers });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (reader === undefined) return;
    const leave = () => void reader.cancel().catch(() => {});
    cut.addEventListener("abort", leave, { once: true });
    if (cut.aborted) leave();
    try {
      let text = "";
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        const blocks = (text + read.value).split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) this.#block(block);
      }
    } finally {
      cut.removeEventListener("abort", leave);
    }
  }

  #block(block: string): void {
    const fields = new Map(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    const data = fields.get("data");
    const body = data === undefined ? {} : JSON.parse(data);
    const isEvents = Array.isArray(body);
    this.#take(
      fields.get("event") ?? "",
      isEvents ? {} : body,
      isEvents ? body : undefined,
      fields.get("id"),
    );
  }

  async #poll(base: string, cut: AbortSignal): Promise<void> {
    while (!cut.aborted) {
      const from = this.cursor === "" ? "" : `&cursor=${encodeURIComponent(this.cursor)}`;
      const response = await fetch(`${base}/events/${this.stream}?wait=1${from}`, {
        signal: cut,
      });
      const body: Json = await response.json();
      if (!response.ok) return;
      if (body.gap) this.#take("gap", { ...body.gap }, undefined, undefined);
      this.#take("events", {}, body.events, body.cursor);
    }
  }

  /** Whatever the transport: the kind of message, its body, its events, the cursor after it. */
  #take(kind: string, body: Json, events: unknown, cursor: unknown): void {
    if (kind === "gap") this.told.tell(body);
    // A first poll that waits has events, but not where they began.
    if (Array.isArray(events) && (kind === "events" || kind === this.stream)) this.told.take(events);
    if (kind === "heartbeat" && typeof body.streams === "object" && body.streams !== null) {
      this.states.add(String(Reflect.get(body.streams, this.stream)));
    }
    if (typeof cursor === "string" && cursor !== "") this.cursor = cursor;
  }
}
