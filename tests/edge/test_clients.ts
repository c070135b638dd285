/** Clients that collect what they are told and wait for a condition, never for a time. */

export type Message = Record<string, unknown> & { readonly type: string };

const DEADLINE_MS = 30_000;

const baseUrl = (base: number | string): string =>
  typeof base === "number" ? `http://127.0.0.1:${base}` : base;

/** Resolves when `holds` does, looked at after every arrival; rejects with what was there at the deadline. */
export class Inbox {
  readonly messages: Message[] = [];
  #waiting: (() => void)[] = [];

  push(message: Message): void {
    this.messages.push(message);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        late.reject(new Error(`never: ${what}; there was ${JSON.stringify(this.messages).slice(0, 4000)}`)),
      DEADLINE_MS,
    );
    try {
      while (!holds()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#waiting.push(resolve);
        await Promise.race([promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  of(type: string): Message[] {
    return this.messages.filter((message) => message.type === type);
  }

  async first(type: string): Promise<Message> {
    await this.until(`a ${type}`, () => this.of(type).length > 0);
    return this.of(type)[0] ?? { type };
  }

  /** Ids of all events, in order of arrival. */
  ids(): string[] {
    return this.of("events").flatMap((message) =>
      Array.isArray(message.events) ? message.events.map((event) => String(event.id)) : []
    );
  }

  /** Waits for so many events in all. */
  async events(count: number): Promise<string[]> {
    await this.until(`${count} events`, () => this.ids().length >= count);
    return this.ids();
  }

  /** The newest cursor of any message. */
  cursor(): string {
    const cursors = this.messages.map(({ cursor }) => cursor).filter((cursor) => typeof cursor === "string");
    return String(cursors.at(-1));
  }
}

/** A WebSocket client. */
export class SocketClient extends Inbox implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly #closed = Promise.withResolvers<CloseEvent>();
  readonly #opened = Promise.withResolvers<void>();

  /** @param base a local port, or a whole `http(s)://…` */
  constructor(base: number | string, path: string, protocols: string[] = []) {
    super();
    this.socket = new WebSocket(`${baseUrl(base).replace(/^http/, "ws")}${path}`, protocols);
    this.socket.onopen = () => this.#opened.resolve();
    this.socket.onmessage = ({ data }) => this.push(JSON.parse(data));
    this.socket.onclose = (event) => {
      this.#opened.resolve();
      this.#closed.resolve(event);
    };
    this.socket.onerror = () => {};
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get closed(): Promise<CloseEvent> {
    return this.#closed.promise;
  }

  async say(message: unknown): Promise<void> {
    await this.opened;
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState < WebSocket.CLOSING) this.socket.close();
    await this.closed;
  }
}

/** An event-stream client: `id` and `event` as a native EventSource would have them; events become `events` messages. */
export class StreamClient extends Inbox implements AsyncDisposable {
  lastEventId = "";
  retryMs: number | undefined;
  status = 0;
  headers = new Headers();
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  readonly ended = Promise.withResolvers<void>();

  constructor(base: number | string, path: string, headers: Record<string, string> = {}) {
    super();
    this.#done = this.#run(`${baseUrl(base)}${path}`, headers);
  }

  async #run(url: string, headers: Record<string, string>): Promise<void> {
    try {
      const response = await fetch(url, { headers, signal: this.#abort.signal });
      this.status = response.status;
      this.headers = response.headers;
      let text = "";
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          this.#block(text.slice(0, end));
          text = text.slice(end + 2);
        }
      }
    } catch {
      // Ended by us or by the server.
    } finally {
      this.ended.resolve();
      this.wake();
    }
  }

  #block(block: string): void {
    let event = "message";
    let data = "";
    for (const line of block.split("\n")) {
      const colon = line.indexOf(": ");
      const [name, value] = [line.slice(0, colon), line.slice(colon + 2)];
      if (name === "id") this.lastEventId = value;
      else if (name === "event") event = value;
      else if (name === "data") data = value;
      else if (name === "retry") this.retryMs = Number(value);
    }
    if (data === "") return this.wake();
    const parsed = JSON.parse(data);
    if (Array.isArray(parsed)) {
      this.push({ type: "events", stream: event, cursor: this.lastEventId, events: parsed });
    } else this.push({ ...parsed, type: event });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }
}

export interface PollAnswer {
  readonly stream: string;
  readonly cursor: string;
  readonly events: readonly { readonly id: string; readonly sym: string; readonly n?: number }[];
  readonly gap: Record<string, unknown> | null;
}

/** One poll. */
export async function poll(base: number | string, path: string): Promise<PollAnswer> {
  const response = await fetch(`${baseUrl(base)}${path}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text);
}
