/** Surroundings that stand still: a client on a manual clock, with links the test holds the other end of. */
import type { Link, LinkContext, LinkHandlers, OpenLink, Transport } from "../../src/client/link.ts";
import type { PageLike, Platform } from "../../src/client/platform.ts";
import { platformWith } from "../../src/client/platform.ts";
import { ManualClock } from "../support/manual_clock.ts";

/** A platform on a manual clock; every jitter is `random`. */
export function manualPlatform(clock: ManualClock, over: Partial<Platform> = {}): Platform {
  return platformWith({
    now: () => clock.now(),
    timer: (ms, fn) => {
      const timer = clock.timer(ms, fn);
      return () => timer[Symbol.dispose]();
    },
    random: () => 1,
    page: undefined,
    fetch: () => Promise.reject(new Error("no network in this test")),
    ...over,
  });
}

/** The server's end of one link. */
export class FakeLink implements Link {
  isClosed = false;
  updates = 0;
  pings = 0;
  tokens: string[] = [];
  constructor(
    readonly transport: Transport,
    readonly context: LinkContext,
    readonly handlers: LinkHandlers,
    readonly acceptsTokens: boolean,
  ) {}
  update(): void {
    this.updates++;
  }
  ping(): void {
    this.pings++;
  }
  authenticate(token: string): boolean {
    this.tokens.push(token);
    return this.acceptsTokens;
  }
  close(): void {
    this.isClosed = true;
  }
  hello(heartbeatMs?: number): void {
    this.handlers.onMessage({ type: "hello", edge: "e1", heartbeatMs });
  }
  beat(): void {
    this.handlers.onMessage({ type: "heartbeat", cursor: undefined, streams: undefined, time: undefined });
  }
}

/** Openers that keep every link they open. */
export class FakeLinks {
  readonly opened: FakeLink[] = [];
  readonly openers: Readonly<Record<Transport, OpenLink>> = {
    websocket: (context, handlers) => this.#open("websocket", context, handlers),
    sse: (context, handlers) => this.#open("sse", context, handlers),
    poll: (context, handlers) => this.#open("poll", context, handlers),
  };

  get last(): FakeLink {
    const link = this.opened.at(-1);
    if (!link) throw new Error("Cannot give the last link as none was opened");
    return link;
  }

  get transports(): Transport[] {
    return this.opened.map(({ transport }) => transport);
  }

  #open(transport: Transport, context: LinkContext, handlers: LinkHandlers): FakeLink {
    const link = new FakeLink(transport, context, handlers, transport === "websocket");
    this.opened.push(link);
    return link;
  }
}

/** A page that the test hides, freezes and takes offline. */
export class FakePage implements PageLike {
  readonly document = new EventTarget();
  readonly window = new EventTarget();
  hidden = false;
  online = true;
  isHidden = () => this.hidden;
  isOnline = () => this.online;
  tell(target: "document" | "window", type: string): void {
    this[target].dispatchEvent(new Event(type));
  }
}
