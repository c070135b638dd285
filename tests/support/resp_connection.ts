/**
 * A bare connection to a redis-server: RESP2, commands in order, pushed messages apart. For tests that look at or damage a
 * database behind the store's back, and for the REST front; independent of the client the product uses.
 */
export type RespValue = string | number | null | RespError | readonly RespValue[];

/** A Redis error as a value: `-WRONGTYPE Operation against…`. */
export class RespError {
  constructor(readonly message: string) {}
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes one command. */
function encodeCommand(args: readonly string[]): Uint8Array<ArrayBuffer> {
  let text = `*${args.length}\r\n`;
  for (const arg of args) text += `$${encoder.encode(arg).byteLength}\r\n${arg}\r\n`;
  return encoder.encode(text);
}

/** Bytes as they come, read line by line or in lengths. */
class ByteReader {
  #bytes = new Uint8Array(0);
  #at = 0;
  constructor(readonly connection: Deno.Conn) {}

  async line(): Promise<string> {
    for (let from = this.#at;;) {
      const end = this.#bytes.indexOf(10, from);
      if (end >= 0) {
        const text = decoder.decode(this.#bytes.subarray(this.#at, end - 1));
        this.#at = end + 1;
        return text;
      }
      const had = this.#bytes.length - this.#at;
      await this.#more();
      from = had;
    }
  }

  async exactly(length: number): Promise<string> {
    while (this.#bytes.length - this.#at < length + 2) await this.#more();
    const text = decoder.decode(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length + 2;
    return text;
  }

  async #more(): Promise<void> {
    const chunk = new Uint8Array(64 * 1024);
    const count = await this.connection.read(chunk);
    if (count === null) throw new Error("Cannot read from Redis as the connection was closed");
    const rest = this.#bytes.subarray(this.#at);
    const joined = new Uint8Array(rest.length + count);
    joined.set(rest);
    joined.set(chunk.subarray(0, count), rest.length);
    this.#bytes = joined;
    this.#at = 0;
  }
}

/** See the file comment. */
export class RespConnection implements Disposable {
  readonly #reader: ByteReader;
  #busy: Promise<unknown> = Promise.resolve();

  private constructor(readonly connection: Deno.Conn) {
    this.#reader = new ByteReader(connection);
  }

  static async open(port: number, hostname = "127.0.0.1"): Promise<RespConnection> {
    return new RespConnection(await Deno.connect({ hostname, port }));
  }

  /** Sends one command and reads its reply; Redis errors come back as {@link RespError}. */
  async send(args: readonly string[]): Promise<RespValue> {
    const [reply] = await this.pipeline([args]);
    return reply ?? null;
  }

  /** Sends several at once; replies in order, nothing of another caller between them. */
  pipeline(commands: readonly (readonly string[])[]): Promise<readonly RespValue[]> {
    const run = this.#busy.then(async () => {
      for (const args of commands) await writeAll(this.connection, encodeCommand(args));
      const replies: RespValue[] = [];
      for (let n = 0; n < commands.length; n++) replies.push(await this.#value());
      return replies;
    });
    this.#busy = run.catch(() => undefined);
    return run;
  }

  /** The next pushed message after SUBSCRIBE. */
  message(): Promise<RespValue> {
    return this.#value();
  }

  [Symbol.dispose](): void {
    try {
      this.connection.close();
    } catch {
      // Closed already.
    }
  }

  async #value(): Promise<RespValue> {
    const line = await this.#reader.line();
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        return new RespError(rest);
      case ":":
        return Number(rest);
      case "$":
        return rest === "-1" ? null : await this.#reader.exactly(Number(rest));
      case "*": {
        if (rest === "-1") return null;
        const items: RespValue[] = [];
        for (let n = 0; n < Number(rest); n++) items.push(await this.#value());
        return items;
      }
      default:
        throw new Error(`Cannot read a reply as it is not RESP2: it starts with ${line.slice(0, 1)}`);
    }
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
