/** The polling transport: plain requests, for networks where nothing else gets through. One loop per stream. */
import { isUpTo } from "./cursor_book.ts";
import { type Down, httpDown, networkDown } from "./failure.ts";
import { headersOf, type Link, type LinkContext, type LinkHandlers, wantQuery } from "./link.ts";
import { type AnyEvent, type GapNotice, isEvent, toMessage } from "./message.ts";
import { isHeld, type Want } from "./wants.ts";

/** Longest the server is asked to hold a poll open. */
export const POLL_WAIT_S = 20;
/** A browser has six HTTP/1 connections to a host: with more streams than this, polls don't wait. */
export const WAITING_POLLS_MAX = 3;
/** Allowed beyond the wait before a poll counts as stalled. */
export const POLL_GRACE_MS = 10_000;

interface Answer {
  readonly cursor?: string;
  readonly events?: readonly AnyEvent[];
  readonly gap?: Readonly<Record<string, unknown>> | null;
}

/** Hands over what an answer holds in its true order: what came before the gap, the gap, the rest. */
export function tellAnswer(stream: string, answer: Answer, handlers: LinkHandlers): void {
  const events = Array.isArray(answer.events) ? answer.events : [];
  const tell = (part: readonly AnyEvent[], cursor?: string) =>
    handlers.onMessage({ type: "events", stream, cursor, events: part });
  const gap = answer.gap && toMessage("gap", { ...answer.gap, stream }) as GapNotice;
  if (gap) {
    const { after } = gap;
    const before = after === undefined
      ? []
      : events.filter((event) => isEvent(event) && isUpTo(event.id, after));
    if (before.length > 0) tell(before);
    handlers.onMessage(gap);
    tell(events.slice(before.length), answer.cursor);
  } else tell(events, answer.cursor);
}

class PollLoop {
  readonly #abort = new AbortController();
  #snapshot: boolean;

  constructor(
    readonly context: LinkContext,
    readonly handlers: LinkHandlers,
    readonly stream: string,
    readonly want: Want,
    readonly waitS: number,
    readonly onDown: (down: Down) => void,
  ) {
    this.#snapshot = want.snapshot;
    void this.#run();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const isSnapshot = this.#snapshot;
      const outcome = await this.#ask(isSnapshot ? "snapshot" : "events").catch(() =>
        networkDown(`${this.context.base}/events/${this.stream}`)
      );
      if (signal.aborted) return;
      if ("then" in outcome) return this.#refused(outcome);
      this.#snapshot = false;
      if (isSnapshot) {
        const { cursor, events = [] } = outcome;
        this.handlers.onMessage({ type: "snapshot", stream: this.stream, cursor, events, last: true });
      } else {
        tellAnswer(this.stream, outcome, this.handlers);
        const waits = this.waitS > 0 || (outcome.events?.length ?? 0) > 0;
        if (!waits) await this.#pause();
      }
    }
  }

  async #ask(route: "events" | "snapshot"): Promise<Answer | Down> {
    const { context, stream, waitS } = this;
    const query = wantQuery(this.want);
    const cursor = context.cursorOf([stream]);
    if (route === "events" && cursor) query.set("cursor", cursor);
    if (route === "events" && cursor && waitS) query.set("wait", String(waitS));
    const deadline = new AbortController();
    const cancel = context.platform.timer(waitS * 1000 + POLL_GRACE_MS, () => deadline.abort());
    try {
      const response = await context.platform.fetch(`${context.base}/${route}/${stream}?${query}`, {
        headers: headersOf(context, "application/json"),
        signal: AbortSignal.any([this.#abort.signal, deadline.signal]),
      });
      return response.ok
        ? await response.json()
        : await httpDown(response, `${context.base}/${route}/${stream}`);
    } finally {
      cancel();
    }
  }

  /** A stream that is refused for itself ends its own loop; anything else ends the link. */
  #refused(down: Down): void {
    const isOwn = (down.then === "fatal" && down.code !== "FORBIDDEN") || down.then === "fallback";
    if (!isOwn) return this.onDown(down);
    this.handlers.onMessage({ type: "error", code: down.code, message: down.message, id: undefined });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.context.platform.timer(this.context.pollIntervalMs, resolve);
      this.#abort.signal.addEventListener("abort", () => {
        cancel();
        resolve();
      }, { once: true });
    });
  }
}

/** Polls `/events/{stream}`, one loop per wanted stream. */
export function openPoll(context: LinkContext, handlers: LinkHandlers): Link {
  const loops = new Map<string, { want: Want; loop: PollLoop }>();
  let closed = false;
  let greeted = false;

  const close = () => {
    closed = true;
    for (const { loop } of loops.values()) loop.stop();
    loops.clear();
  };
  const onDown = (down: Down) => {
    if (closed) return;
    close();
    handlers.onDown(down);
  };
  const greet = () => {
    if (!greeted) handlers.onMessage({ type: "hello", edge: undefined, heartbeatMs: undefined });
    greeted = true;
  };
  const told: LinkHandlers = {
    onDown,
    onGarbage: () => handlers.onGarbage(),
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
      loops.set(stream, { want, loop: new PollLoop(context, told, stream, want, waitS, onDown) });
    }
  };
  queueMicrotask(update);

  return { update, ping() {}, authenticate: () => false, close };
}
