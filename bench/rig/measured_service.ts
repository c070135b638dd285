/**
 * The real program in a process of its own between a counted upstream and measuring clients, each in a thread of its own
 * here. What the measuring tasks of `bench/` are made of.
 */
import { type Process, startProcess } from "../../tests/support/processes.ts";
import type { ClientOrder, ClientReport } from "./client_worker.ts";
import type { UpstreamOrder, WireStream } from "./upstream_worker.ts";

const DEADLINE_MS = 30_000;

/** A thread that answers. */
class Thread<Order> implements Disposable {
  readonly #worker: Worker;

  constructor(file: string) {
    this.#worker = new Worker(new URL(file, import.meta.url), { type: "module" });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      throw new Error(`${file}: ${event.message}`);
    };
  }

  tell(order: Order): void {
    this.#worker.postMessage(order);
  }

  /** The next answer that has `key`. */
  answer<T>(key: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`no ${key} in ${DEADLINE_MS} ms`)), DEADLINE_MS);
      const onMessage = ({ data }: MessageEvent) => {
        if (!(key in data)) return;
        clearTimeout(deadline);
        this.#worker.removeEventListener("message", onMessage);
        resolve(data[key]);
      };
      this.#worker.addEventListener("message", onMessage);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** The upstream. */
export class Upstream extends Thread<UpstreamOrder> {
  constructor() {
    super("./upstream_worker.ts");
  }

  /** Events handed to a socket, ever. */
  async sent(): Promise<Record<WireStream, number>> {
    const answer = this.answer<Record<WireStream, number>>("sent");
    this.tell({ do: "count" });
    return await answer;
  }
}

/** A client of one stream. */
export class Client extends Thread<ClientOrder> {
  constructor() {
    super("./client_worker.ts");
  }

  async follow(url: string, stream: string): Promise<void> {
    const subscribed = this.answer("subscribed");
    this.tell({ do: "connect", url, stream });
    await subscribed;
  }

  async report(): Promise<ClientReport> {
    const answer = this.answer<ClientReport>("report");
    this.tell({ do: "report" });
    return await answer;
  }
}

/** Environments of the processes, the one clients connect to last. */
export type Environments = (upstream: string) => readonly Readonly<Record<string, string>>[];

/** Everything up: connected, subscribed, streaming. */
export interface Measured extends AsyncDisposable {
  readonly upstream: Upstream;
  readonly clients: Readonly<Record<string, Client>>;
  readonly processes: readonly Process[];
  /** Resolves when every upstream connection streams again. */
  allStreaming(): Promise<void>;
}

/** Starts it. */
export async function measure(streams: readonly string[], environments: Environments): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(new Upstream());
  const url = await upstream.answer<string>("url");
  const processes: Process[] = [];
  for (const environment of environments(url)) {
    processes.push(stack.use(await startProcess({ environment })));
  }
  const base = processes.at(-1)?.base ?? "";
  const allStreaming = () => untilStreaming(base);
  await allStreaming();
  const clients: Record<string, Client> = {};
  for (const stream of streams) {
    const client = clients[stream] = stack.use(new Client());
    await client.follow(base, stream);
  }
  const running = stack.move();
  return { upstream, clients, processes, allStreaming, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function untilStreaming(base: string): Promise<void> {
  const until = performance.now() + DEADLINE_MS;
  while (performance.now() < until) {
    const answer = await (await fetch(`${base}/api/websocket/connections`)).json();
    if (answer.total_connections > 0 && answer.connected === answer.total_connections) return;
    await sleep(100);
  }
  throw new Error(`not every connection streams after ${DEADLINE_MS} ms`);
}

/** Waits. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** A process's memory and CPU so far, of `/proc`. */
export async function usageOf(
  pid: number,
): Promise<{ readonly rssMiB: number; readonly cpuSeconds: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    rssMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
  };
}

/** A line of the report. */
export const say = (line: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
