/**
 * An upstream without ports: sockets that answer as Massive does, at once, unless told otherwise. Tests push frames, drop
 * sockets and let them go deaf.
 */
import type { Clock } from "../../src/feed/clock.ts";
import { type Refusal, refusalOf, refusalOfClose } from "../../src/ingest/upstream/refusal.ts";
import type { OpenOutcome, SocketFrame, UpstreamSocket } from "../../src/ingest/upstream/upstream_socket.ts";

/** How the upstream answers; fields can be changed at any time. */
export interface Manners {
  /** Answer of the upgrade; undefined opens. */
  refuseOpen: Refusal | undefined;
  greets: boolean;
  /** Status elements in answer to `auth`; empty: silence. */
  authAnswer: readonly { status: string; message: string }[];
  /** Whether the auth answer is followed by a drop. */
  dropsAfterAuth: boolean;
  /** Topics that are confirmed; the rest is met with silence. */
  acks: (topic: string) => boolean;
  /** Said before confirmations when a topic is not confirmed. */
  refusal: string | undefined;
  pongs: boolean;
}

const status = (name: string, message: string) => ({ ev: "status", status: name, message });

/** One socket, seen from the upstream's side. */
export class FakeSocket implements UpstreamSocket {
  readonly sent: string[] = [];
  readonly held = new Set<string>();
  closedCleanly = false;
  isOpen = true;
  pings = 0;
  #bytes = 100;
  #waiting: SocketFrame[] = [];
  #wake: (() => void) | undefined;
  #refusal: Refusal | undefined;

  constructor(readonly url: string, readonly manners: Manners, readonly clock: Clock) {
    if (manners.greets) this.say(status("connected", "Connected Successfully"));
  }

  /** Sends one frame of these elements. */
  say(...elements: object[]): void {
    if (!this.isOpen) return;
    this.#bytes += 10;
    this.#waiting.push({ text: JSON.stringify(elements), rx: this.clock.now() });
    this.#wake?.();
  }

  /** Ends it as the upstream does. 1006: without a close frame. */
  end(code = 1006): void {
    this.#end(refusalOfClose(code, ""));
  }

  /** Messages of ours, parsed. */
  get messages(): { action: string; params: string }[] {
    return this.sent.map((text) => JSON.parse(text));
  }

  async *bursts() {
    while (true) {
      if (this.#waiting.length > 0) {
        const burst = this.#waiting;
        this.#waiting = [];
        yield burst;
      } else if (!this.isOpen) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  endedBy(): Refusal {
    return this.#refusal ?? refusalOf("dropped");
  }
  bytesRead(): number {
    return this.#bytes;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    this.sent.push(text);
    const { action, params } = JSON.parse(text);
    if (action === "auth") return this.#auth();
    const topics: string[] = params.split(",");
    if (action === "unsubscribe") {
      for (const topic of topics) this.held.delete(topic);
      return this.say(...topics.map((topic) => status("success", `unsubscribed to: ${topic}`)));
    }
    const fresh = topics.filter((topic) => !this.held.has(topic));
    const granted = fresh.filter(this.manners.acks);
    for (const topic of granted) this.held.add(topic);
    const refused = granted.length < fresh.length && this.manners.refusal !== undefined
      ? [status("error", this.manners.refusal)]
      : [];
    const answer = [...refused, ...granted.map((topic) => status("success", `subscribed to: ${topic}`))];
    if (answer.length > 0) this.say(...answer);
  }

  ping(): void {
    this.pings++;
    if (this.manners.pongs) this.#bytes += 2;
  }

  close(): Promise<void> {
    if (this.isOpen) this.closedCleanly = true;
    this.#end(refusalOf("dropped"));
    return Promise.resolve();
  }

  terminate(): void {
    this.#end(refusalOf("dropped"));
  }

  #auth(): void {
    for (const one of this.manners.authAnswer) this.say(status(one.status, one.message));
    if (this.manners.dropsAfterAuth) this.end();
  }

  #end(refusal: Refusal): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#refusal = refusal;
    this.#wake?.();
  }
}

/** The whole upstream: every socket ever opened. */
export class FakeUpstream {
  readonly sockets: FakeSocket[] = [];
  readonly manners: Manners = {
    refuseOpen: undefined,
    greets: true,
    authAnswer: [{ status: "auth_success", message: "authenticated" }],
    dropsAfterAuth: false,
    acks: () => true,
    refusal: undefined,
    pongs: true,
  };
  opened = 0;

  constructor(readonly clock: Clock) {}

  /** Sockets that are open now. */
  get open(): FakeSocket[] {
    return this.sockets.filter((socket) => socket.isOpen);
  }

  /** The newest socket. */
  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }

  opener = (url: string, _limitMs: number, signal: AbortSignal): Promise<OpenOutcome> => {
    this.opened++;
    if (signal.aborted) return Promise.resolve({ ok: false, refusal: refusalOf("unreachable", "stopped") });
    const { refuseOpen } = this.manners;
    if (refuseOpen !== undefined) return Promise.resolve({ ok: false, refusal: refuseOpen });
    const socket = new FakeSocket(url, { ...this.manners }, this.clock);
    this.sockets.push(socket);
    return Promise.resolve({ ok: true, socket });
  };
}
