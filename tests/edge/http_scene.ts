/** All doors of one edge on a clock that a test moves: one writer, no network. */
import { anonymous } from "../../src/edge/admit/principal.ts";
import { socketHandlers } from "../../src/edge/deliver/websocket_transport.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { edgeRig, type Rig, type RigOptions } from "./edge_rig.ts";
import { FakeSocket } from "./fake_socket.ts";
import type { PollAnswer } from "./test_clients.ts";

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An event stream and what was read of it so far. */
export interface OpenStream {
  readonly status: number;
  text(): string;
  /** Blocks of so far, each without the empty line that ends it. */
  blocks(): readonly string[];
  /** Ids of the events of so far. */
  ids(): readonly string[];
  leave(): Promise<void>;
}

export interface HttpScene extends AsyncDisposable {
  readonly rig: Rig;
  readonly clock: ManualClock;
  /** Asks, lets `passMs` go by and reads the answer. */
  get(path: string, init?: RequestInit, passMs?: number): Promise<Answer>;
  poll(path: string, passMs?: number): Promise<PollAnswer>;
  stream(path: string, init?: RequestInit): Promise<OpenStream>;
  /** A socket on `/ws/tick` that says `command` at once. */
  socket(command: object): FakeSocket;
  /** Writes, and gives the cursor of a reader that has it all. */
  append(list: string, events: readonly FeedEvent[]): Promise<string>;
}

/** @param options of the edge; scenes on one `state` need one `clock` */
export function httpScene(options: RigOptions & { readonly clock?: ManualClock } = {}): HttpScene {
  const clock = options.clock ?? new ManualClock();
  const rig = edgeRig({ ...options, clock });
  const fetched = async (path: string, init: RequestInit, passMs: number): Promise<Response> => {
    const asked = Promise.resolve(rig.edge.fetch(new Request(`http://edge${path}`, init)));
    await clock.advance(passMs);
    return await asked;
  };
  const get = async (path: string, init: RequestInit = {}, passMs = 100): Promise<Answer> => {
    const response = await fetched(path, init, passMs);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    rig,
    clock,
    get,
    poll: async (path, passMs) => JSON.parse((await get(path, {}, passMs)).text),
    stream: async (path, init = {}) => {
      const stream = readOn(await fetched(path, init, 50));
      await clock.advance(0);
      return stream;
    },
    socket: (command) => socketOn(rig, command),
    append: async (list, events) => {
      const { epoch, seq } = await rig.writer.append(list, events);
      return `${list}:${epoch}-${seq}`;
    },
    async [Symbol.asyncDispose]() {
      const closing = rig[Symbol.asyncDispose]();
      await clock.advance(10_000);
      await closing;
    },
  };
}

function socketOn({ edge }: Rig, command: object): FakeSocket {
  const socket = new FakeSocket();
  const rest = { request: undefined, shape: undefined, cursor: undefined, fault: undefined };
  const defaults = { streams: ["tick"], ...rest };
  const handlers = socketHandlers(edge.core, edge.hub, socket, anonymous("premium"), defaults);
  handlers.onOpen();
  handlers.onMessage(JSON.stringify(command));
  return socket;
}

/** Ids of the events a socket was sent. */
export const idsOf = ({ read }: FakeSocket): readonly string[] =>
  read.flatMap(({ events }) => Array.isArray(events) ? events.map(({ id }) => String(id)) : []);

function readOn(response: Response): OpenStream {
  let text = "";
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  const done = (async () => {
    for (;;) {
      const { value, done } = await (reader?.read() ?? Promise.resolve({ value: undefined, done: true }));
      if (done) return;
      text += decoder.decode(value, { stream: true });
    }
  })().catch(() => {});
  return {
    status: response.status,
    text: () => text,
    blocks: () => text.split("\n\n").slice(0, -1),
    ids: () =>
      [...text.matchAll(/^data: (\[.*\])$/gm)].flatMap(([, data]) => JSON.parse(data ?? "[]"))
        .map(({ id }) => String(id)),
    leave: async () => {
      await reader?.cancel();
      await done;
    },
  };
}
