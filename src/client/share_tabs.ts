/**
 * One connection for all tabs of an origin. The tab that holds a lock keeps the connection and repeats every message to the
 * others, which tell it what they want; when it goes, the next takes over at its own cursor. Loaded by those who use it:
 *
 * ```js
 * import { Tickcast } from "/client.js";
 * import { shareTabs } from "/client_share.js";
 * const client = new Tickcast(location.origin, { share: shareTabs("prices") });
 * ```
 */
import { isUpTo } from "./cursor_book.ts";
import type { Link, LinkContext, LinkHandlers, OpenLink } from "./link.ts";
import type { ServerMessage } from "./message.ts";
import { isHeld, mergeTwo, type Want, type Wants } from "./wants.ts";

/** What another tab wants is forgotten when it wasn't heard of for so long (background tabs run timers once a minute). */
export const TAB_KEPT_MS = 150_000;
/** How often a tab says that it is still there. */
export const TAB_SAYS_MS = 20_000;

/** The part of the browser's BroadcastChannel that is used. */
export interface ChannelLike {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** The browser's lock and channel, for tests to replace. */
export interface SharePlatform {
  readonly channel: (name: string) => ChannelLike;
  /** Runs `hold` once the lock is had, and keeps it until that promise settles. Rejects when `signal` aborts before. */
  readonly lock: (name: string, signal: AbortSignal, hold: () => Promise<void>) => Promise<void>;
}

type Note =
  /** For all, or for one tab. */
  | { readonly kind: "message"; readonly message: ServerMessage; readonly to?: string }
  | {
    readonly kind: "wants";
    readonly tab: string;
    /** It only just came: what it missed before must be had for it. */
    readonly isNew: boolean;
    readonly wants: readonly (readonly [string, Want])[];
    readonly cursor: string;
  }
  | { readonly kind: "bye"; readonly tab: string }
  | { readonly kind: "who" };

const idOf = (part: string): string => part.slice(part.indexOf(":") + 1);

/** Whether one list's part of a cursor is no further than another of the same epoch. */
const isBefore = (part: string, other: string): boolean => isUpTo(idOf(part), idOf(other));

/** A tab may have loaded another release of this: what it says that this one doesn't know is left aside. */
function isNote(data: unknown): data is Note {
  const { kind, tab, message, wants, cursor } = Object(data);
  if (kind === "message") return typeof message?.type === "string";
  if (kind === "wants") return typeof tab === "string" && Array.isArray(wants) && typeof cursor === "string";
  return kind === "who" || (kind === "bye" && typeof tab === "string");
}

interface Tab {
  readonly wants: Wants;
  readonly cursor: string;
  readonly seenAt: number;
}

/** The part of the browser's Web Locks that is used; Deno's types have none. */
interface LocksLike {
  request(name: string, options: { signal: AbortSignal }, hold: () => Promise<void>): Promise<void>;
}

const browserLocks = (): LocksLike | undefined =>
  (globalThis.navigator as { readonly locks?: LocksLike } | undefined)?.locks;

const browser: SharePlatform = {
  channel: (name) => new BroadcastChannel(name) as ChannelLike,
  lock: async (name, signal, hold) => await browserLocks()?.request(name, { signal }, hold),
};

/** Whether this browser can share a connection; where it can't, every tab has its own. */
export const canShareTabs = (): boolean =>
  typeof BroadcastChannel === "function" && browserLocks() !== undefined;

/** For `options.share`: tabs with the same name (and server, and rights!) use one connection. */
export function shareTabs(name: string, platform: SharePlatform = browser): (open: OpenLink) => OpenLink {
  if (platform === browser && !canShareTabs()) return (open) => open;
  return (open) => (context, handlers) =>
    new SharedLink(`tickcast:${name}`, platform, open, context, handlers);
}

/** A link that is either the tabs' own connection or an ear at another tab's. */
class SharedLink implements Link {
  readonly #tab = crypto.randomUUID();
  readonly #channel: ChannelLike;
  readonly #stop = new AbortController();
  readonly #tabs = new Map<string, Tab>();
  #inner: Link | undefined;
  #release: () => void = () => {};
  #hasGreeted = false;
  /** A tab that leads knows of this one, and where it stands: what it says before that may pass over what this tab missed. */
  #isHeard = false;
  /** Where a reopened connection must begin for tabs that came with less than this tab has. */
  readonly #behind = new Map<string, string>();
  /** One of them asks for all that is held. */
  #isFromStart = false;
  #cancelSay = () => {};

  constructor(
    name: string,
    platform: SharePlatform,
    readonly open: OpenLink,
    readonly context: LinkContext,
    readonly handlers: LinkHandlers,
  ) {
    this.#channel = platform.channel(name);
    this.#channel.onmessage = ({ data }) => isNote(data) && this.#hear(data);
    platform.lock(name, this.#stop.signal, () => this.#lead()).catch(() => {});
    this.update();
  }

  update(): void {
    if (this.#inner) return this.#inner.update();
    if (this.#stop.signal.aborted) return;
    const wants = [...this.context.wants()];
    const cursor = this.context.cursorOf(wants.map(([stream]) => stream));
    this.#say({ kind: "wants", tab: this.#tab, isNew: !this.#isHeard, wants, cursor });
    this.#cancelSay();
    this.#cancelSay = this.context.platform.timer(TAB_SAYS_MS, () => this.update());
  }

  ping(): void {
    this.#inner?.ping();
  }

  /** A follower needs no token: its leader has one. */
  authenticate(token: string): boolean {
    return this.#inner?.authenticate(token) ?? true;
  }

  close(): void {
    if (this.#stop.signal.aborted) return;
    this.#say({ kind: "bye", tab: this.#tab });
    this.#end();
    this.#inner?.close();
  }

  #end(): void {
    this.#stop.abort();
    this.#cancelSay();
    this.#release();
    this.#channel.close();
  }

  #say(note: Note): void {
    this.#channel.postMessage(note);
  }

  /** Called when the lock is this tab's; it is kept until the promise resolves. */
  #lead(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    this.#cancelSay();
    this.#openInner();
    this.#say({ kind: "who" });
    return new Promise((resolve) => this.#release = resolve);
  }

  #openInner(): void {
    this.#inner = this.open({
      ...this.context,
      wants: () => this.#allWants(),
      cursorOf: (streams = [...this.#allWants().keys()]) => this.#cursorOf(streams),
    }, {
      onMessage: (message) => {
        // The first word on a subscription: it has begun where it was to begin.
        if (message.type !== "hello" && message.type !== "pong") {
          this.#behind.clear();
          this.#isFromStart = false;
        }
        this.handlers.onMessage(message);
        this.#say({ kind: "message", message });
      },
      onGarbage: () => this.handlers.onGarbage(),
      onDown: (down) => {
        this.#end();
        this.handlers.onDown(down);
      },
    });
  }

  #hear(note: Note): void {
    if (this.#inner) return this.#hearAsLeader(note);
    // For the day this tab leads: what it asks first must be for all of them.
    if (note.kind === "bye") this.#tabs.delete(note.tab);
    if (note.kind === "wants") this.#note(note);
    if (note.kind === "who") {
      // Another leads: what it has begun with may be without this tab's symbols, or further than this tab is.
      this.#isHeard = false;
      this.update();
    }
    if (note.kind !== "message" || (note.to ?? this.#tab) !== this.#tab) return;
    this.#isHeard ||= note.to !== undefined;
    if (!this.#isHeard) return;
    if (!this.#hasGreeted && note.message.type !== "hello") {
      this.handlers.onMessage({ type: "hello", edge: undefined, heartbeatMs: undefined });
    }
    this.#hasGreeted = true;
    this.handlers.onMessage(note.message);
  }

  #hearAsLeader(note: Note): void {
    if (note.kind === "bye") this.#tabs.delete(note.tab);
    if (note.kind === "wants") this.#hearWants(note);
    if (note.kind !== "message") this.#inner?.update();
  }

  #hearWants({ tab, wants, cursor, isNew }: Note & { readonly kind: "wants" }): void {
    const held = this.#allWants();
    this.#note({ tab, wants, cursor });
    if (isNew) this.#catchUp(tab, cursor, new Map(wants), held);
    // So that a tab that only just came knows at once that it is connected.
    const streams = [...this.#allWants().keys()];
    this.#say({
      kind: "message",
      to: tab,
      message: { type: "subscribed", cursor: cursor || this.#cursorOf(streams) },
    });
  }

  #note({ tab, wants, cursor }: Pick<Note & { readonly kind: "wants" }, "tab" | "wants" | "cursor">): void {
    this.#tabs.set(tab, { wants: new Map(wants), cursor, seenAt: this.context.platform.now() });
  }

  /**
   * A tab that stands before this one gets what lies between by beginning there again; the others know repeats. So does one that
   * brings symbols: they would be added where the server is by now, which is further than what has come from there.
   */
  #catchUp(tab: string, cursor: string, wants: Wants, held: Wants): void {
    for (const part of cursor.split(",")) {
      const list = part.split(":", 1)[0] ?? "";
      const stream = list.split(".", 1)[0] ?? "";
      const own = this.context.cursorOf([stream]).split(",").find((each) => each.startsWith(`${list}:`));
      if (!own) continue;
      const [before, want] = [held.get(stream), wants.get(stream)];
      const isAdding = want !== undefined && !isHeld(before, mergeTwo(before ?? want, want));
      if (isBefore(part, own)) {
        if (isAdding || own !== part) this.#beginAt(list, part);
      } else if (isBefore(own, part)) {
        if (isAdding) this.#beginAt(list, own);
      } else {
        const gap: ServerMessage = { type: "gap", stream, lost: null, cause: "epoch" };
        this.#say({ kind: "message", to: tab, message: gap });
      }
    }
    if (cursor === "earliest") this.#isFromStart = true;
    if (this.#behind.size === 0 && !this.#isFromStart) return;
    this.#inner?.close();
    this.#openInner();
  }

  /** The earliest of what tabs need. */
  #beginAt(list: string, part: string): void {
    const known = this.#behind.get(list);
    if (!known || isBefore(part, known)) this.#behind.set(list, part);
  }

  #allWants(): Wants {
    const all = new Map(this.context.wants());
    const now = this.context.platform.now();
    for (const [tab, { wants, seenAt }] of this.#tabs) {
      if (now - seenAt > TAB_KEPT_MS) this.#tabs.delete(tab);
      else for (const [stream, want] of wants) all.set(stream, mergeTwo(all.get(stream) ?? want, want));
    }
    return all;
  }

  /** This tab's cursor, or where one that came with less stands; for streams that only others want, theirs. */
  #cursorOf(streams: string[]): string {
    if (this.#isFromStart) return "earliest";
    const parts: string[] = [];
    for (const stream of streams) {
      const isOf = (part: string) => part.startsWith(`${stream}:`) || part.startsWith(`${stream}.`);
      const own = this.context.cursorOf([stream]);
      if (own === "earliest") return own;
      const others = [...this.#tabs.values()].map(({ cursor }) => cursor.split(",").filter(isOf));
      const found = own ? own.split(",") : others.find((each) => each.length > 0) ?? [];
      for (const part of found) {
        const list = part.split(":", 1)[0] ?? "";
        parts.push(this.#behind.get(list) ?? part);
      }
    }
    return parts.join();
  }
}
