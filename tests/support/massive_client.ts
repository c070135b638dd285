/** A raw WebSocket client of Massive's protocol: keeps every frame as it came, and waits for things with a deadline. */
import { WebSocket } from "ws";

/** Nothing on the loopback takes longer; a wait over it fails the test instead of hanging it. */
const DEADLINE_MS = 30_000;

/** A promise that fails after {@link DEADLINE_MS}, naming what was waited for. */
export function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited too long for ${what()}`)), DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Lets sockets work until a condition holds, with a deadline: for state of a server in this process. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** How a socket ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** See the module. */
export class MassiveClient implements AsyncDisposable {
  /** Every frame as it came. */
  readonly frames: string[] = [];
  readonly pongs: string[] = [];
  readonly ended: Promise<Ending>;
  readonly #socket: WebSocket;
  readonly #opened: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor(url: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 16 * 1024 * 1024 });
    this.#opened = new Promise((resolve, reject) => {
      this.#socket.once("open", resolve);
      this.#socket.once("error", reject);
    });
    this.#opened.catch(() => {/* told by `open` */});
    this.ended = new Promise((resolve) => {
      this.#socket.once("close", (code, reason) => {
        this.#isOver = true;
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
    this.#socket.on("error", () => {/* `close` follows */});
    this.#socket.on("message", (data) => {
      this.frames.push(data.toString());
      this.#wake();
    });
    this.#socket.on("pong", (data: Uint8Array) => {
      this.pongs.push(new TextDecoder().decode(data));
      this.#wake();
    });
  }

  /** Connects and waits for `connected`. */
  static async open(url: string): Promise<MassiveClient> {
    const client = new MassiveClient(url);
    await client.opened();
    await client.saw("connected");
    return client;
  }

  /** Connects, authenticates and subscribes; waits for the first acknowledgement when there is something to subscribe. */
  static async subscribed(url: string, params: string, key = "simulator"): Promise<MassiveClient> {
    const client = await MassiveClient.open(url);
    client.auth(key);
    await client.saw("auth_success");
    if (params !== "") {
      client.subscribe(params);
      await client.saw("success");
    }
    return client;
  }

  opened(): Promise<void> {
    return within(this.#opened, () => "the upgrade");
  }

  auth(key = "simulator"): void {
    this.send({ action: "auth", params: key });
  }

  subscribe(params: string): void {
    this.send({ action: "subscribe", params });
  }

  unsubscribe(params: string): void {
    this.send({ action: "unsubscribe", params });
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message), () => {});
  }

  ping(text: string): void {
    this.#socket.ping(text, true, () => {});
  }

  /** Stops reading; the kernel's buffers fill. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Leaves with a close frame. */
  close(): Promise<Ending> {
    this.#socket.close(1000);
    return within(this.ended, () => "the socket to be closed");
  }

  /** Vanishes without a close frame. */
  vanish(): Promise<Ending> {
    this.#socket.terminate();
    return within(this.ended, () => "the socket to be gone");
  }

  /** Elements of every frame that is an array, parsed. */
  get elements(): Record<string, unknown>[] {
    return this.frames.flatMap((frame) => {
      try {
        const value: unknown = JSON.parse(frame);
        return Array.isArray(value) ? value : [];
      } catch {
        return [];
      }
    });
  }

  /** Elements of one type. */
  of(ev: string): Record<string, unknown>[] {
    return this.elements.filter((element) => element?.ev === ev);
  }

  /** `status: message` of every status so far. */
  get statuses(): string[] {
    return this.of("status").map(({ status, message }) => `${status}: ${message}`);
  }

  /** Waits for a status. */
  saw(status: string): Promise<void> {
    return this.until(() => this.of("status").some((each) => each.status === status), `status ${status}`);
  }

  /** Waits for a condition on what came. */
  async until(condition: () => boolean, what = "a condition"): Promise<void> {
    while (!condition()) {
      if (this.#isOver) {
        throw new Error(`The socket ended while waiting for ${what}; said: ${this.statuses.join(" | ")}`);
      }
      const woken = new Promise<void>((resolve) => this.#waiting.add(resolve));
      await within(woken, () => `${what}; said: ${this.statuses.join(" | ")}, ${this.frames.length} frames`);
    }
  }

  /** Waits until everything the server sent before now is here: a ping answered behind it. */
  async caughtUp(): Promise<void> {
    const mark = crypto.randomUUID();
    this.ping(mark);
    await this.until(() => this.pongs.includes(mark), "a pong");
  }

  /** How it ended, within the deadline. */
  ending(): Promise<Ending> {
    return within(this.ended, () => `the end of the socket; said: ${this.statuses.join(" | ")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#socket.terminate();
    await this.ended;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
