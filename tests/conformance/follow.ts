/** One way to follow a stream over each transport, so that a case is written once. Works against any base URL. */
import { Inbox, poll, SocketClient, StreamClient } from "../edge/test_clients.ts";

export const TRANSPORTS = ["ws", "sse", "poll"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** What a case asks for. */
export interface FollowAsk {
  readonly stream: string;
  readonly symbols?: string;
  readonly cursor?: string;
  readonly mode?: "all" | "latest";
  readonly fields?: string;
  readonly max_hz?: number;
}

export interface Following extends AsyncDisposable {
  readonly inbox: Inbox;
}

function queryOf({ stream: _stream, ...ask }: FollowAsk): string {
  const params = new URLSearchParams({ symbols: "*" });
  for (const [name, value] of Object.entries(ask)) if (value !== undefined) params.set(name, String(value));
  return params.toString();
}

/** Follows a stream until disposed. */
export function follow(base: string, transport: Transport, ask: FollowAsk): Following {
  if (transport === "ws") {
    const client = new SocketClient(base, `/ws/${ask.stream}?${queryOf(ask)}`, ["tickcast.v1"]);
    return { inbox: client, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
  }
  if (transport === "sse") {
    const client = new StreamClient(base, `/sse/${ask.stream}?${queryOf(ask)}`);
    return { inbox: client, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
  }
  return new PollFollowing(base, ask);
}

/** Polls turned into the messages the sockets would have sent. */
class PollFollowing implements Following {
  readonly inbox = new Inbox();
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(readonly base: string, readonly ask: FollowAsk) {
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    const { inbox, ask } = this;
    let cursor = ask.cursor;
    if (cursor === undefined) {
      cursor = (await poll(this.base, `/events/${ask.stream}?${queryOf(ask)}`)).cursor;
      inbox.push({ type: "subscribed", cursor });
    }
    while (!this.#isStopped) {
      const answer = await poll(this.base, `/events/${ask.stream}?${queryOf({ ...ask, cursor })}&wait=1`);
      if (answer.gap !== null) inbox.push({ ...answer.gap, type: "gap" });
      if (answer.events.length > 0) {
        inbox.push({ type: "events", stream: ask.stream, cursor: answer.cursor, events: answer.events });
      }
      cursor = answer.cursor;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }
}
