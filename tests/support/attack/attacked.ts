/** A server of its own under attack: its memory from /proc (Linux), a client beside the attack that times every event, and the attack. */
import type { AttackReport } from "./attack.ts";

const MIB = 1024 * 1024;
const SAMPLE_MS = 50;

/** Resident memory of a process by `/proc/<pid>/status`, MiB. */
export async function residentMib(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024 / MIB;
}

/** The most a process held between two moments. */
export class MemoryPeak implements AsyncDisposable {
  peakMib = 0;
  #isOver = false;
  readonly #watching: Promise<void>;

  constructor(pid: number) {
    this.#watching = (async () => {
      while (!this.#isOver) {
        this.peakMib = Math.max(this.peakMib, await residentMib(pid).catch(() => 0));
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      }
    })();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#watching;
  }
}

/** A client that is there all along: ids in a row, and how long each event took from ingest's receipt to here. */
export class Bystander implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<void>();
  #lagsMs: number[] = [];
  #lastSeq = 0;
  /** Events that never came, or were told as lost. */
  missed = 0;
  events = 0;
  isOpen = true;

  constructor(base: string) {
    this.#socket = new WebSocket(`${base.replace("http", "ws")}/ws/tick?symbols=*`);
    this.#socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    this.#socket.onclose = () => {
      this.isOpen = false;
      this.#closed.resolve();
    };
    this.#socket.onerror = () => {};
  }

  /** Lags since it was last asked: 99th percentile and most, ms. */
  lags(): { readonly p99Ms: number; readonly maxMs: number; readonly count: number } {
    const sorted = this.#lagsMs.sort((a, b) => a - b);
    this.#lagsMs = [];
    const at = (part: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Infinity;
    return { p99Ms: at(0.99), maxMs: at(1), count: sorted.length };
  }

  /** Waits for so many events more. Rejects when they don't come. */
  async further(count: number, deadlineMs: number): Promise<void> {
    const wanted = this.events + count;
    const deadline = Date.now() + deadlineMs;
    while (this.events < wanted) {
      if (Date.now() > deadline) throw new Error(`${wanted - this.events} of ${count} events never came`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #take(message: { type: string; lost?: number; events?: readonly { id: string; rx: number }[] }): void {
    if (message.type === "gap") this.missed += message.lost ?? 1;
    for (const { id, rx } of message.events ?? []) {
      const seq = Number(id.split("-")[1]);
      if (this.#lastSeq > 0) this.missed += seq - this.#lastSeq - 1;
      this.#lastSeq = seq;
      this.events++;
      this.#lagsMs.push(Date.now() - rx);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#closed.promise;
  }
}

const program = new URL("attack.ts", import.meta.url).pathname;

/** Carries out one attack to its end. */
export async function attack(
  name: string,
  port: string,
  scale: number,
  lastsMs: number,
): Promise<AttackReport> {
  const lock = new URL("../../deno.lock", import.meta.url).pathname;
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--lock=${lock}`,
      "--allow-net",
      program,
      name,
      port,
      String(scale),
      String(lastsMs),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`the attack itself failed with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
