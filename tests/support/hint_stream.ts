/** A Redis subscription as Upstash's server-sent events: `data: subscribe,<channel>,1`, then `data: message,<channel>,<text>`. */
import { RespConnection } from "./resp_connection.ts";

/** An open stream. */
export interface HintStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves once it is over, whoever ended it. */
  readonly ended: Promise<void>;
  end(): void;
}

/** Subscribes to a channel of the redis-server on `port`. */
export async function openHintStream(port: number, channel: string): Promise<HintStream> {
  const redis = await RespConnection.open(port);
  await redis.send(["SUBSCRIBE", channel]);
  const ended = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const send = (data: string) => writer.write(encoder.encode(`data: ${data}\n\n`));
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    redis[Symbol.dispose]();
    writer.close().catch(() => {});
    ended.resolve();
  };
  const relay = async () => {
    await send(`subscribe,${channel},1`);
    while (!isOver) {
      const message = await redis.message();
      await send(`message,${channel},${Array.isArray(message) ? String(message[2]) : ""}`);
    }
  };
  relay().then(end, end);
  writer.closed.then(end, end);
  return { body: readable, ended: ended.promise, end };
}
