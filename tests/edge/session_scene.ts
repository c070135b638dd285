/** Sessions on a clock that a test moves: sockets without a network, one edge, one writer. */
import type { Principal } from "../../src/edge/admit/principal.ts";
import { anonymous } from "../../src/edge/admit/principal.ts";
import { type SocketHandlers, socketHandlers } from "../../src/edge/deliver/websocket_transport.ts";
import type { Tier } from "../../src/feed/settings/settings.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { edgeRig, type Rig, type RigOptions } from "./edge_rig.ts";
import { FakeSocket } from "./fake_socket.ts";
import type { Message } from "./test_clients.ts";

export interface SceneClient {
  readonly socket: FakeSocket;
  readonly handlers: SocketHandlers;
  say(message: unknown): void;
  /** Everything read so far, by type. */
  of(type: string): Message[];
  ids(): string[];
}

export interface SessionScene extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly rig: Rig;
  client(tier?: Tier, streams?: readonly string[]): SceneClient;
  clientOf(principal: Principal | undefined, streams?: readonly string[]): SceneClient;
}

export function sessionScene(options: RigOptions = {}): SessionScene {
  const clock = new ManualClock();
  const rig = edgeRig({ ...options, clock });
  const clientOf = (principal: Principal | undefined, streams?: readonly string[]): SceneClient => {
    const socket = new FakeSocket();
    const defaults = { streams, request: undefined, shape: undefined, cursor: undefined, fault: undefined };
    const handlers = socketHandlers(rig.edge.core, rig.edge.hub, socket, principal, defaults);
    handlers.onOpen();
    const of = (type: string) => socket.read.filter((message) => message.type === type);
    return {
      socket,
      handlers,
      say: (message) => handlers.onMessage(typeof message === "string" ? message : JSON.stringify(message)),
      of,
      ids: () =>
        of("events").flatMap(({ events }) => Array.isArray(events) ? events.map(({ id }) => String(id)) : []),
    };
  };
  return {
    clock,
    rig,
    clientOf,
    client: (tier = "premium", streams = ["tick"]) => clientOf(anonymous(tier), streams),
    async [Symbol.asyncDispose]() {
      const closing = rig[Symbol.asyncDispose]();
      await clock.advance(10_000);
      await closing;
    },
  };
}
