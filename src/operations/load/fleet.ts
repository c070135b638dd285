/** As many clients as a stage wants, started at a bounded pace; the newest go first. */
import type { Random } from "../../feed/clock.ts";
import { type ClientShape, type ClientSurroundings, LoadClient } from "./load_client.ts";
import { type LoadPlan, type Transport, TRANSPORTS } from "./load_arguments.ts";

/** Clients started in one step at most. */
export const STARTS_PER_STEP = 50;

interface Member {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** See the file comment. */
export class Fleet {
  readonly #plan: LoadPlan;
  readonly #around: ClientSurroundings;
  readonly #token: string | undefined;
  readonly #members: Member[] = [];
  readonly #leaving = new Set<Promise<void>>();
  #started = 0;

  constructor(plan: LoadPlan, around: ClientSurroundings, token: string | undefined) {
    this.#plan = plan;
    this.#around = around;
    this.#token = token;
  }

  get size(): number {
    return this.#members.length;
  }

  /** One step towards `wanted` clients. */
  adjust(wanted: number): void {
    for (let n = 0; this.#members.length < wanted && n < STARTS_PER_STEP; n++) this.#start();
    while (this.#members.length > wanted) this.#stopNewest();
  }

  /** Sends everybody home; resolves when all have gone. */
  async stop(): Promise<void> {
    this.adjust(0);
    await Promise.all(this.#leaving);
  }

  #start(): void {
    const stop = new AbortController();
    const client = new LoadClient(this.#shape(), this.#around);
    this.#members.push({ stop, done: client.run(stop.signal) });
  }

  #stopNewest(): void {
    const member = this.#members.pop();
    if (member === undefined) return;
    member.stop.abort();
    const gone = member.done.finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }

  #shape(): ClientShape {
    const { urls, mix, streams, symbols, symbolsEach, slowShare, flapShare } = this.#plan;
    const { random } = this.#around;
    const isSlow = random() < slowShare;
    return {
      url: urls[this.#started++ % urls.length] ?? "",
      transport: isSlow ? "sse" : drawTransport(mix, random),
      streams,
      symbols: symbols[0] === "*" ? undefined : drawSymbols(symbols, symbolsEach, random),
      isSlow,
      isFlapping: random() < flapShare,
      token: this.#token,
    };
  }
}

/** A transport by weight. */
export function drawTransport(mix: Readonly<Record<Transport, number>>, random: Random): Transport {
  let at = random() * (mix.ws + mix.sse + mix.poll);
  for (const transport of TRANSPORTS) {
    at -= mix[transport];
    if (at < 0) return transport;
  }
  return "ws";
}

/** `each` different names of `symbols`; all of them when `each` is 0 or too many. */
export function drawSymbols(symbols: readonly string[], each: number, random: Random): readonly string[] {
  if (each === 0 || each >= symbols.length) return symbols;
  const drawn = new Set<string>();
  while (drawn.size < each) drawn.add(symbols[Math.floor(random() * symbols.length)] ?? "");
  return [...drawn];
}
