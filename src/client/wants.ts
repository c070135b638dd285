/**
 * Several subscriptions over one connection: per stream they merge into one want that covers them all, and each picks its
 * own out of what arrives. Pure, so that every merge and every change can be tested without a socket.
 */

/** What one subscription asks of the streams it names. */
export interface Ask {
  readonly streams: readonly string[];
  readonly symbols: readonly string[];
  readonly mode: "all" | "latest";
  readonly maxHz: number | undefined;
  readonly fields: readonly string[] | undefined;
  /** A snapshot is still owed to it. */
  readonly snapshot: boolean;
}

/** What all subscriptions together ask of one stream. */
export interface Want {
  /** Sorted; `["*"]` alone when anybody wants all. */
  readonly symbols: readonly string[];
  readonly mode: "all" | "latest";
  readonly maxHz: number | undefined;
  readonly fields: readonly string[] | undefined;
  readonly snapshot: boolean;
  /** How often the stream was left before: what follows it from before that must begin anew. */
  readonly left?: number | undefined;
}

/** Wants by stream. */
export type Wants = ReadonlyMap<string, Want>;

/** A WebSocket request. */
export interface Command {
  readonly action: "subscribe" | "unsubscribe";
  readonly streams: readonly string[];
  readonly symbols?: readonly string[];
  readonly cursor?: string;
  readonly mode?: "all" | "latest";
  readonly max_hz?: number;
  readonly fields?: readonly string[];
  readonly snapshot?: true;
}

/** Massive's crypto spelling `BTC-USD` is `X:BTC-USD` everywhere here, as on the server. */
export const canonicalSymbol = (symbol: string): string =>
  /^[A-Z0-9]{2,12}-[A-Z]{3,5}$/.test(symbol) ? `X:${symbol}` : symbol;

/** Whether the server takes it for a symbol or a pattern (`X:*`, `*`): its own grammar. */
export const isPattern = (symbol: unknown): boolean =>
  typeof symbol === "string" && /^(\*|[A-Za-z0-9][\w.:/-]{0,31}\*?)$/.test(symbol);

const union = (a: readonly string[], b: readonly string[]): readonly string[] => {
  const all = new Set([...a, ...b]);
  return all.has("*") ? ["*"] : [...all].sort();
};

/** What covers both. */
export function mergeTwo(a: Want, b: Want): Want {
  return {
    symbols: union(a.symbols, b.symbols),
    mode: a.mode === b.mode ? a.mode : "all",
    maxHz: a.maxHz === undefined || b.maxHz === undefined ? undefined : Math.max(a.maxHz, b.maxHz),
    fields: a.fields && b.fields && union(a.fields, b.fields),
    snapshot: a.snapshot || b.snapshot,
    ...((a.left ?? b.left) && { left: Math.max(a.left ?? 0, b.left ?? 0) }),
  };
}

/** The least that covers every ask: the union of symbols and fields, every event when anybody wants every event. */
export function mergeAsks(asks: Iterable<Ask>): Wants {
  const wants = new Map<string, Want>();
  for (const { streams, ...ask } of asks) {
    const want = { ...ask, symbols: union(ask.symbols.map(canonicalSymbol), []) };
    for (const stream of streams) {
      const held = wants.get(stream);
      wants.set(stream, held ? mergeTwo(held, want) : want);
    }
  }
  for (const [stream, want] of wants) {
    if (JSON.stringify(want.symbols).length > SYMBOLS_MAX_CHARS) {
      wants.set(stream, { ...want, symbols: ["*"] });
    }
  }
  return wants;
}

/**
 * The server takes messages of 16 k characters and 2 000 symbols, a cursor of 4 k among them: past this (with its quotes)
 * everything is taken, and picked from here.
 */
export const SYMBOLS_MAX_CHARS = 10_000;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether a connection that holds `held` gives what `want` asks; a snapshot must be asked for anew, and only once. */
export const isHeld = (held: Want | undefined, want: Want): boolean =>
  held !== undefined && (held.snapshot || !want.snapshot) &&
  same({ ...held, snapshot: 0 }, { ...want, snapshot: 0 });

/** {@link isHeld} for all streams, with none held beyond them. */
export const areHeld = (held: Wants, wanted: Wants): boolean =>
  held.size === wanted.size && [...wanted].every(([stream, want]) => isHeld(held.get(stream), want));

/** Whether a stream that is held was left meanwhile, and is wanted again. */
export const beginsAnew = (held: Wants, wanted: Wants): boolean =>
  [...wanted].some(([stream, { left }]) => held.has(stream) && held.get(stream)?.left !== left);

function subscribeCommand(streams: readonly string[], want: Want, cursor: string): Command {
  return {
    action: "subscribe",
    streams,
    symbols: want.symbols,
    mode: want.mode,
    ...(want.maxHz !== undefined && { max_hz: want.maxHz }),
    ...(want.fields && { fields: want.fields }),
    ...(want.snapshot && { snapshot: true }),
    ...(cursor && { cursor }),
  };
}

/** The server can add symbols and replace what is named, but not un-name: then the stream is left and taken up again. */
function mustRetake(held: Want, want: Want, removed: readonly string[]): boolean {
  return held.left !== want.left || removed.some((symbol) => symbol.endsWith("*")) ||
    (held.maxHz !== undefined && want.maxHz === undefined) ||
    (held.fields !== undefined && want.fields === undefined);
}

/**
 * The commands that turn what a connection holds into what is wanted. A stream that is left and taken up again goes on at
 * its cursor, so nothing is lost in between.
 */
export function commandsFor(held: Wants, wanted: Wants, cursorOf: (streams: string[]) => string): Command[] {
  const commands: Command[] = [];
  const gone = [...held.keys()].filter((stream) => !wanted.has(stream));
  const fresh: (readonly [string, Want])[] = [];
  for (const [stream, want] of wanted) {
    const before = held.get(stream);
    if (!before) {
      fresh.push([stream, want]);
      continue;
    }
    const removed = before.symbols.filter((symbol) => !want.symbols.includes(symbol));
    const added = want.symbols.filter((symbol) => !before.symbols.includes(symbol));
    if (mustRetake(before, want, removed)) {
      gone.push(stream);
      fresh.push([stream, want]);
      continue;
    }
    if (added.length > 0 || !isHeld({ ...before, symbols: want.symbols }, want)) {
      const snapshot = want.snapshot && !before.snapshot;
      const symbols = added.length > 0 && !snapshot ? added : want.symbols;
      commands.push(subscribeCommand([stream], { ...want, symbols, snapshot }, ""));
    }
    if (removed.length > 0) commands.push({ action: "unsubscribe", streams: [stream], symbols: removed });
  }
  if (gone.length > 0) commands.unshift({ action: "unsubscribe", streams: gone });
  // A command each, so that what is refused of one stream takes no other with it.
  for (const [stream, want] of fresh) commands.push(subscribeCommand([stream], want, cursorOf([stream])));
  return commands;
}

/** Whether a subscription to `symbols` wants `symbol`. */
export function symbolFilter(symbols: readonly string[]): (symbol: string) => boolean {
  const names = new Set(symbols.map(canonicalSymbol));
  if (names.has("*")) return () => true;
  const prefixes = [...names].filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  return (symbol) => names.has(symbol) || prefixes.some((prefix) => symbol.startsWith(prefix));
}
