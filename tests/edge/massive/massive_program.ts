/** Programs of Massive's protocol at the door of an edge that listens: plain sockets, and everything they were told. */
import { assert } from "@std/assert";
import type { FeedEvent } from "../../../src/feed/event.ts";
import { edgeRig, type Rig, type RigOptions } from "../edge_rig.ts";

const DEADLINE_MS = 30_000;

/** A program: a plain socket and everything it was told. */
export class Program implements AsyncDisposable {
  readonly told: Record<string, unknown>[] = [];
  readonly texts: string[] = [];
  readonly socket: WebSocket;
  readonly ended: Promise<CloseEvent>;
  #wake = Promise.withResolvers<void>();

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.onmessage = ({ data }) => {
      this.texts.push(data);
      this.told.push(...JSON.parse(data));
      this.#wake.resolve();
    };
    this.ended = new Promise((resolve) =>
      this.socket.onclose = (event) => {
        this.#wake.resolve();
        resolve(event);
      }
    );
  }

  say(action: string, params: string): void {
    this.socket.send(JSON.stringify({ action, params }));
  }

  /** Waits for so many elements; a deadline says what came instead. */
  async until(count: number): Promise<Record<string, unknown>[]> {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      this.#wake.resolve();
    }, DEADLINE_MS);
    while (this.told.length < count && !isLate && this.socket.readyState <= 1) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
    clearTimeout(late);
    assert(
      this.told.length >= count,
      `${this.told.length} of ${count}: ${JSON.stringify(this.told.slice(-3))}`,
    );
    return this.told;
  }

  async begin(params: string): Promise<void> {
    await this.until(1);
    this.say("auth", "any");
    this.say("subscribe", params);
    await this.until(2 + params.split(",").length);
    this.told.length = 0;
    this.texts.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState <= 1) this.socket.close();
    await this.ended;
  }
}

/** The servers there are. */
export const SERVERS = ["deno", "hardened"] as const;
type Kind = (typeof SERVERS)[number];

/** A served edge with a Massive door. */
export interface Served extends AsyncDisposable {
  readonly rig: Rig;
  readonly base: string;
  program(market?: string): Program;
  append(list: string, ...events: FeedEvent[]): Promise<unknown>;
}

/** Serves one. */
export async function serve(server: Kind, options: RigOptions = {}): Promise<Served> {
  const rig = edgeRig({ ...options, settings: { ...options.settings, server } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  const base = `127.0.0.1:${port}`;
  return {
    rig,
    base,
    program: (market = "stocks") => new Program(`ws://${base}/massive/${market}`),
    append: (list, ...events) => rig.writer.append(list, events),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
