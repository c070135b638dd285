/** The fake edge's WebSocket side. */
import { type FakeEdge, gapMessage, latestOf, partOf, placeOf, takes } from "./fake_edge.ts";

interface Held {
  symbols: Set<string>;
  /** Seq of the next event it is to get. */
  next: number;
}

/** One client. */
export class FakeSocket {
  readonly held = new Map<string, Held>();
  readonly #follow = () => this.#flush();
  #queued = false;

  constructor(readonly edge: FakeEdge, readonly socket: WebSocket, readonly token: string | undefined) {
    socket.onopen = () => {
      if (edge.faults.mute) return;
      this.send({
        type: "hello",
        protocol: "tickcast.v1",
        edge: "fake",
        heartbeat_ms: 15_000,
        streams: [...edge.lists.keys()],
      });
      edge.followers.add(this.#follow);
    };
    socket.onmessage = ({ data }) => this.#command(JSON.parse(String(data)));
    socket.onclose = () => {
      edge.followers.delete(this.#follow);
      edge.sockets.delete(this);
    };
    socket.onerror = () => {};
  }

  send(message: unknown): void {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
    }
  }

  close(code: number, reason: string): void {
    this.edge.followers.delete(this.#follow);
    this.edge.sockets.delete(this);
    this.socket.close(code, reason);
  }

  #command(command: Record<string, unknown>): void {
    this.edge.commands.push(command);
    if (this.edge.faults.mute) return;
    const streams = (command.streams ?? []) as string[];
    if (command.action === "ping") this.send({ type: "pong", time: Date.now(), streams: this.#states() });
    if (command.action === "subscribe") this.#subscribe(command, streams);
    if (command.action === "unsubscribe") this.#unsubscribe(command, streams);
  }

  #subscribe(command: Record<string, unknown>, streams: string[]): void {
    const symbols = (command.symbols ?? ["*"]) as string[];
    const cursors: string[] = [];
    const gaps: unknown[] = [];
    for (const stream of streams) {
      const list = this.edge.list(stream);
      const held = this.held.get(stream);
      const at = partOf(command.cursor as string | undefined, stream);
      const { index, gap } = placeOf(list, at);
      if (held) { for (const symbol of symbols) held.symbols.add(symbol); }
      else this.held.set(stream, { symbols: new Set(symbols), next: list.first + index });
      if (gap && at && !held) gaps.push(gapMessage(stream, list, at, gap));
      cursors.push(`${stream}:${list.epoch}-${(held?.next ?? list.first + index) - 1}`);
    }
    this.send({ type: "subscribed", streams, cursor: cursors.join(",") });
    for (const gap of gaps) this.send(gap);
    for (const stream of streams) {
      if (command.snapshot !== true && stream !== "heatmap") continue;
      const events = latestOf(this.edge.list(stream), new Set(symbols));
      this.send({ type: "snapshot", stream, cursor: this.edge.cursor(stream), events, last: true });
    }
    this.#flush();
  }

  #unsubscribe(command: Record<string, unknown>, streams: string[]): void {
    for (const stream of streams) {
      const symbols = command.symbols as string[] | undefined;
      if (symbols === undefined) this.held.delete(stream);
      else for (const symbol of symbols) this.held.get(stream)?.symbols.delete(symbol);
    }
    this.send({ type: "unsubscribed", streams });
  }

  #states(): Record<string, string> {
    return Object.fromEntries(
      [...this.edge.lists.keys()].map((stream) => [stream, this.edge.states[stream] ?? "live"]),
    );
  }

  /** At most one flush a turn, so that what was appended together is sent together. */
  #flush(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      for (const [stream, held] of this.held) {
        const list = this.edge.list(stream);
        const events = list.events.slice(Math.max(0, held.next - list.first)).filter((event) =>
          takes(held.symbols, event.sym)
        );
        held.next = list.first + list.events.length;
        if (events.length > 0) {
          this.send({ type: "events", stream, cursor: this.edge.cursor(stream), events });
        }
      }
    });
  }
}
