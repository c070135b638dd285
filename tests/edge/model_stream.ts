/** A model client's event stream. */
import { settle } from "../support/manual_clock.ts";
import type { Rig } from "./edge_rig.ts";
import { type Change, queryOf } from "./model_asked.ts";
import type { ModelClient } from "./model_client.ts";
import { type Connection, TIER_HEADER } from "./model_connections.ts";
import type { Message } from "./test_clients.ts";

/** Most blocks taken at one reading. */
const CHUNKS_MAX = 50;

/** Asks by the URL, and resumes by `Last-Event-ID`. */
export function connectStream({ edge }: Rig, client: ModelClient): Connection {
  const { streams, tier } = client.being;
  const query = queryOf(client.asked);
  if (streams.length > 1) query.set("streams", streams.join(","));
  const path = streams.length > 1 ? "/sse" : `/sse/${streams[0]}`;
  const headers = new Headers({ [TIER_HEADER]: tier });
  if (client.cursor.size > 0) headers.set("last-event-id", client.cursorText());
  client.begin();
  const opening = edge.fetch(new Request(`http://edge${path}?${query}`, { headers }));
  return new StreamConnection(Promise.resolve(opening), client);
}

class StreamConnection implements Connection {
  readonly #decoder = new TextDecoder();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #pending: Promise<void> | undefined;
  #isStalled = false;
  #isGone = false;
  #text = "";

  constructor(readonly opening: Promise<Response>, readonly client: ModelClient) {}

  async read(): Promise<boolean> {
    for (let n = 0; n < CHUNKS_MAX && !this.#isStalled && !this.#isGone; n++) {
      this.#pending ??= this.#pump();
      await settle(30);
      if (this.#pending !== undefined) break;
    }
    for (let end = this.#text.indexOf("\n\n"); end >= 0; end = this.#text.indexOf("\n\n")) {
      this.#block(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 2);
    }
    return !this.#isGone;
  }

  stall(): void {
    this.#isStalled = !this.#isStalled;
  }

  /** What it asks is in its URL: the next connection's. */
  change({ asked }: Change): void {
    this.client.asked = asked;
  }

  drop(): void {
    this.#isGone = true;
    void this.opening.then(async ({ body }) =>
      this.#reader === undefined ? await body?.cancel() : await this.#reader.cancel()
    ).catch(() => {});
  }

  async #pump(): Promise<void> {
    this.#reader ??= (await this.opening).body?.getReader();
    const result = await this.#reader?.read().catch(() => undefined);
    if (result === undefined || result.done) this.#isGone = true;
    else this.#text += this.#decoder.decode(result.value, { stream: true });
    this.#pending = undefined;
  }

  #block(block: string): void {
    const fields = new Map(
      block.split("\n").map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
    );
    const cursor = fields.get("id");
    const message = messageOf(fields.get("event") ?? "", fields.get("data"));
    this.client.take({ ...message, cursor });
    if (cursor !== undefined) this.client.resumesFrom(cursor);
  }
}

/** What a block says; one of `id:` alone nothing but that. */
function messageOf(name: string, data: string | undefined): Message {
  if (data === undefined) return { type: "id" };
  const parsed = JSON.parse(data);
  return Array.isArray(parsed) ? { type: "events", stream: name, events: parsed } : { ...parsed, type: name };
}
