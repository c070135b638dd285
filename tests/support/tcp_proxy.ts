/** A TCP proxy that loses things, or is slow: for what happens between a client and a server that are both well. */

/** Pieces on their way in one direction at most; beyond that the sender waits. */
const PIECES_MAX = 1024;

/** See {@link startTcpProxy}. */
export class TcpProxy implements AsyncDisposable {
  /** What becomes of bytes from the server: passed on; or lost with the connection; or lost, the connection staying. */
  replies: "pass" | "cut" | "swallow" = "pass";
  /** What it adds to every round trip, half of it each way. Pieces travel side by side, as on a long line. */
  latencyMs = 0;
  /** New connections are closed at once. */
  refuses = false;
  #generation = 0;
  /** Connections accepted so far. */
  accepted = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #done: Promise<void>;
  readonly #relays = new Set<Promise<void>>();

  constructor(readonly target: number) {
    this.#done = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** The connections there are now stay open, and whatever either side sends is lost. */
  blackHole(): void {
    this.#generation++;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const connection of this.#open) close(connection);
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#done;
    await Promise.all(this.#relays);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        this.accepted++;
        if (this.refuses) {
          close(client);
          continue;
        }
        const relay = this.#relay(client).catch(() => {});
        this.#relays.add(relay);
        void relay.then(() => this.#relays.delete(relay));
      }
    } catch {
      // The listener was closed.
    }
  }

  async #relay(client: Deno.Conn): Promise<void> {
    this.#open.add(client);
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.target }).catch(() => undefined);
    // Nobody is there, or the connection was cut before it was whole.
    if (server === undefined || !this.#open.has(client)) {
      this.#open.delete(client);
      close(client);
      if (server) close(server);
      return;
    }
    this.#open.add(server);
    const both = () => {
      close(client);
      close(server);
      this.#open.delete(client);
      this.#open.delete(server);
    };
    const born = this.#generation;
    const isLost = () => born !== this.#generation;
    const oneWayMs = () => this.latencyMs / 2;
    await Promise.all([
      pump(client, new Line(server, oneWayMs), () => isLost() ? "swallow" : "pass").then(both, both),
      pump(server, new Line(client, oneWayMs), () => isLost() ? "swallow" : this.replies).then(both, both),
    ]);
  }
}

/** Starts a proxy before `port` of this machine, on a free port. */
export const startTcpProxy = (port: number): TcpProxy => new TcpProxy(port);

async function pump(from: Deno.Conn, line: Line, mode: () => TcpProxy["replies"]): Promise<void> {
  const chunk = new Uint8Array(64 * 1024);
  try {
    for (;;) {
      const count = await from.read(chunk);
      if (count === null || mode() === "cut") return;
      if (mode() === "swallow") continue;
      await line.send(chunk.subarray(0, count));
    }
  } finally {
    // What is on its way arrives, or is lost with the other side; no piece of it outlives the relay.
    await line.end().catch(() => {});
  }
}

/** One direction: what is sent arrives so much later, in order. */
class Line {
  #last: Promise<void> = Promise.resolve();
  #onTheWay = 0;

  constructor(readonly to: Deno.Conn, readonly oneWayMs: () => number) {}

  /** Resolves when more may be sent. */
  async send(bytes: Uint8Array): Promise<void> {
    const oneWayMs = this.oneWayMs();
    if (oneWayMs === 0 && this.#onTheWay === 0) return await this.#write(bytes);
    const piece = bytes.slice();
    const dueMs = performance.now() + oneWayMs;
    this.#onTheWay++;
    this.#last = this.#last.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      await this.#write(piece);
      this.#onTheWay--;
    });
    // A failure is met where it is waited for: by `end`, or by the sender that is over the bound.
    this.#last.catch(() => {});
    if (this.#onTheWay >= PIECES_MAX) await this.#last;
  }

  /** Resolves when everything has arrived. */
  end(): Promise<void> {
    return this.#last;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.to.write(bytes.subarray(at));
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
