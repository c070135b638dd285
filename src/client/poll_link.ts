/** The polling transport: plain requests, for networks where nothing else gets through. One loop per stream. */
import type { Down } from "./failure.ts";
import { httpDown, isOwnFault, readJson, unreachable } from "./http_failure.ts";
import { headersOf, type Link, type LinkContext, type LinkHandlers, wantQuery } from "./link.ts";
import { type Answer, readAnswer, tellAnswer } from "./poll_answer.ts";
import { sift } from "./sift.ts";
import { ASK_AGAIN_MS } from "./sse_link.ts";
import { isHeld, type Want } from "./wants.ts";

/** Longest the server is asked to hold a poll open. */
export const POLL_WAIT_S = 20;
/** A browser has six HTTP/1 connections to a host: with more streams than this, polls don't wait. */
export const WAITING_POLLS_MAX = 3;
/** Allowed beyond the wait before a poll counts as stalled. */
export const POLL_GRACE_MS = 10_000;

class PollLoop {
  readonly #abort = new AbortController();
  #snapshot: boolean;
  #askedAt = 0;
  /** Whether the server was asked to hold its answer. */
  #hasWaited = false;
  /** What was refused last: told once. */
  #refusal = "";
  /** Those of the wanted symbols that the server knows. */
  #symbols: readonly string[];

  constructor(
    readonly context: LinkContext,
    readonly handlers: Pick<LinkHandlers, "onMessage">,
    readonly stream: string,
    readonly want: Want,
    readonly waitS: number,
    /** Until the link is known to be good an answer is wanted at once: a quiet stream would hold it back for longer than that may take. */
    readonly mayWait: () => boolean,
    readonly onDown: (down: Down) => void,
  ) {
    this.#snapshot = want.snapshot;
    this.#symbols = want.symbols;
    void this.#run();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const route = this.#snapshot ? "snapshot" : "events";
      const outcome = await this.#ask(route).catch(() => unreachable(`${this.context.base}/${route}`));
      if (signal.aborted) return;
      const pauseMs = "then" in outcome ? await this.#refused(outcome) : this.#take(outcome);
      if (pauseMs === undefined) return;
      if (pauseMs > 0) await this.#pause(pauseMs);
    }
  }

  /** Hands an answer over; how long to wait before asking again. */
  #take(answer: Answer): number {
    const { context, stream, waitS } = this;
    const before = context.cursorOf([stream]);
    this.#refusal = "";
    if (this.#snapshot) {
      this.#snapshot = false;
      // A stream that is followed already stays where it is: what lies between is still to come.
      const cursor = before ? undefined : answer.cursor;
      this.handlers.onMessage({ type: "snapshot", stream, cursor, events: answer.events, last: true });
      return 0;
    }
    tellAnswer(stream, answer, this.handlers);
    const isNews = answer.events.length > 0 || answer.gap !== undefined;
    const hasMoved = before !== context.cursorOf([stream]);
    // One that does not wait, or tells the same over and over, must not be asked in a circle.
    const tookMs = context.platform.now() - this.#askedAt;
    const isSlow = !this.#hasWaited || tookMs >= context.pollIntervalMs;
    const mayAsk = hasMoved ? waitS > 0 || isNews : waitS > 0 && isSlow;
    // The server holds back what it sends on its own; how often it is asked is for us to hold back.
    const paceMs = 1000 / (this.want.maxHz ?? Infinity) - tookMs;
    return Math.max(paceMs, mayAsk ? 0 : context.pollIntervalMs);
  }

  async #ask(route: "events" | "snapshot"): Promise<Answer | Down> {
    const { context, stream, waitS } = this;
    const { platform } = context;
    const query = wantQuery({ ...this.want, symbols: this.#symbols });
    const cursor = context.cursorOf([stream]);
    if (route === "events" && cursor) query.set("cursor", cursor);
    this.#hasWaited = route === "events" && cursor !== "" && waitS > 0 && this.mayWait();
    if (this.#hasWaited) query.set("wait", String(waitS));
    const deadline = new AbortController();
    const cancel = platform.timer(waitS * 1000 + POLL_GRACE_MS, () => deadline.abort());
    const url = `${context.base}/${route}/${stream}`;
    this.#askedAt = platform.now();
    try {
      const response = await platform.fetch(`${url}?${query}`, {
        headers: headersOf(context, "application/json"),
        signal: AbortSignal.any([this.#abort.signal, deadline.signal]),
      });
      const json: unknown = response.ok ? await readJson(response) : undefined;
      return readAnswer(stream, json) ?? await httpDown(response, url, platform.now());
    } finally {
      cancel();
    }
  }

  /** A stream that is refused for itself goes on with what is known of it, or asks again after a while; else the link ends. */
  async #refused(down: Down): Promise<number | undefined> {
    if (!isOwnFault(down)) return void this.onDown(down);
    const { code, message } = down;
    if (code === "FORBIDDEN") return void this.onDown(down);
    if (this.#refusal === message) this.handlers.onMessage({ type: "subscribed", cursor: undefined });
    else this.handlers.onMessage({ type: "error", code, message, id: undefined });
    this.#refusal = message;
    const asked = this.#symbols;
    if (code !== "UNKNOWN_SYMBOL" || asked.length < 2) return ASK_AGAIN_MS;
    const known = await sift(asked, (some) => this.#mayAsk(some)).catch(() => []);
    if (known.length === 0 || known.length === asked.length) return ASK_AGAIN_MS;
    this.#symbols = known;
    return 0;
  }

  async #mayAsk(symbols: readonly string[]): Promise<boolean> {
    const { context, stream } = this;
    const query = wantQuery({ ...this.want, symbols });
    const response = await context.platform.fetch(`${context.base}/events/${stream}?${query}`, {
      headers: headersOf(context, "application/json"),
      signal: this.#abort.signal,
    });
    await response.body?.cancel();
    return response.ok;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.context.platform.timer(ms, resolve);
      this.#abort.signal.addEventListener("abort", () => {
        cancel();
        resolve();
      }, { once: true });
    });
  }
}

/** Polls `/events/{stream}`, one loop per wanted stream. */
export function openPoll(context: LinkContext, handlers: LinkHandlers): Link {
  const loops = new Map<string, { want: Want; loop: PollLoop; isForbidden?: true }>();
  let closed = false;
  let greeted = false;

  const close = () => {
    closed = true;
    for (const { loop } of loops.values()) loop.stop();
    loops.clear();
  };
  const onDown = (stream: string, down: Down) => {
    if (closed) return;
    const held = loops.get(stream);
    if (held && down.code === "FORBIDDEN") held.isForbidden = true;
    // One stream that is not for us is told and left; all of them are the end.
    if (held?.isForbidden && [...loops.values()].some(({ isForbidden }) => !isForbidden)) {
      return handlers.onMessage({ type: "error", code: down.code, message: down.message, id: undefined });
    }
    close();
    handlers.onDown(down);
  };
  const greet = () => {
    if (!greeted) handlers.onMessage({ type: "hello", edge: undefined, heartbeatMs: undefined });
    greeted = true;
  };
  const told: Pick<LinkHandlers, "onMessage"> = {
    onMessage(message) {
      if (closed) return;
      greet();
      handlers.onMessage(message);
    },
  };
  const update = () => {
    if (closed) return;
    const wants = context.wants();
    if (wants.size === 0) greet();
    const waitS = wants.size <= WAITING_POLLS_MAX ? POLL_WAIT_S : 0;
    for (const [stream, { loop }] of loops) {
      if (wants.has(stream)) continue;
      loop.stop();
      loops.delete(stream);
    }
    for (const [stream, want] of wants) {
      const held = loops.get(stream);
      if (held && held.loop.waitS === waitS && isHeld(held.want, want)) {
        held.want = want;
        continue;
      }
      held?.loop.stop();
      const isDown = (down: Down) => onDown(stream, down);
      const loop = new PollLoop(context, told, stream, want, waitS, () => greeted, isDown);
      loops.set(stream, { want, loop });
    }
  };
  queueMicrotask(update);

  return { update, ping() {}, authenticate: () => false, close };
}
