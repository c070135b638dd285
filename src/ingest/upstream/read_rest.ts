/**
 * Lets the frames of a busy connection gather in the kernel: after a small burst the socket is not read for a moment. A
 * frame that is read alone costs the runtime a wake-up of some 30 to 60 µs, many times what its event costs: at 500 single
 * frames a second a fifth of the whole service's processor time, at 3 600 a quarter of ingest's.
 */
import type { Clock } from "../../feed/clock.ts";

/** The socket is left alone so long, half of a tick channel's batch. */
export const READ_REST_MS = 5;
/** After a burst of more characters it is read on at once: what has piled up must not wait. */
export const READ_REST_MAX_CHARS = 16_384;

/** Stops and starts the reading of a socket. */
export interface ReadSwitch {
  stop(): void;
  start(): void;
}

/** See the file comment. */
export class ReadRest implements Disposable {
  readonly #clock: Clock;
  readonly #reading: ReadSwitch;
  #burstMs = -Infinity;
  #timer: Disposable | undefined;
  #isOver = false;

  constructor(clock: Clock, reading: ReadSwitch) {
    this.#clock = clock;
    this.#reading = reading;
  }

  /** A burst was taken: rests when the one before was not long ago, so that a quiet stream's frames are read as they come. */
  taken(chars: number): void {
    if (this.#isOver || this.#timer !== undefined) return;
    const nowMs = this.#clock.monotonic();
    const isBusy = nowMs - this.#burstMs < 2 * READ_REST_MS;
    this.#burstMs = nowMs;
    if (!isBusy || chars > READ_REST_MAX_CHARS) return;
    this.#reading.stop();
    this.#timer = this.#clock.timer(READ_REST_MS, () => {
      this.#timer = undefined;
      this.#reading.start();
    });
  }

  /** The socket is gone. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}

/**
 * The switch of a `node:net` or TLS socket's handle, where the runtime has one (Deno 2.9 does; 2.5 reads frame by frame as
 * ever): `pause()` alone goes on reading until the stream's own buffer is full.
 */
export function readSwitchOf(socket: object): ReadSwitch | undefined {
  const call = (name: string): void => {
    const handle: unknown = Reflect.get(socket, "_handle");
    const method: unknown = isObject(handle) ? Reflect.get(handle, name) : undefined;
    if (typeof method === "function") Reflect.apply(method, handle, []);
  };
  const handle: unknown = Reflect.get(socket, "_handle");
  const hasSwitch = isObject(handle) &&
    ["readStop", "readStart"].every((name) => typeof Reflect.get(handle, name) === "function");
  return hasSwitch ? { stop: () => call("readStop"), start: () => call("readStart") } : undefined;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
