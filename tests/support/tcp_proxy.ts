/** A TCP proxy that loses things: for what happens between a client and a server that are both well. */

/** See {@link startTcpProxy}. */
export class TcpProxy implements AsyncDisposable {
  /** What becomes of bytes from the server: passed on; or lost with the connection; or lost, the connection staying. */
  replies: "pass" | "cut" | "swallow" = "pass";
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
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
    this.#open.add(client).add(server);
    const both = () => {
      close(client);
      close(server);
      this.#open.delete(client);
      this.#open.delete(server);
    };
    const born = this.#generation;
    const isLost = () => born !== this.#generation;
    await Promise.all([
      pump(client, server, () => isLost() ? "swallow" : "pass").then(both, both),
      pump(server, client, () => isLost() ? "swallow" : this.replies).then(both, both),
    ]);
  }
}

/** Starts a proxy before `port` of this machine, on a free port. */
export const startTcpProxy = (port: number): TcpProxy => new TcpProxy(port);

async function pump(from: Deno.Conn, to: Deno.Conn, mode: () => TcpProxy["replies"]): Promise<void> {
  const chunk = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await from.read(chunk);
    if (count === null || mode() === "cut") return;
    if (mode() === "swallow") continue;
    for (let at = 0; at < count;) at += await to.write(chunk.subarray(at, count));
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
