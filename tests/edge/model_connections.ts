/** The three transports as a model client uses them: connect, read, stall, drop. */
import { formatCursor } from "../../src/feed/cursor.ts";
import { type SocketHandlers, socketHandlers } from "../../src/edge/deliver/websocket_transport.ts";
import { anonymous } from "../../src/edge/admit/principal.ts";
import { settle } from "../support/manual_clock.ts";
import type { Rig } from "./edge_rig.ts";
import { FakeSocket } from "./fake_socket.ts";
import type { ModelClient } from "./model_client.ts";

/** One connection of a client, over a network that a test holds. */
export interface Connection {
  /** Reads what there is; false when the connection is gone. */
  read(): Promise<boolean>;
  /** Stops reading, or goes on with it. */
  stall(): void;
  drop(): void;
}

/** A WebSocket. */
export function connectSocket(rig: Rig, client: ModelClient): Connection {
  const socket = new FakeSocket();
  const defaults = {
    streams: [client.asked.stream],
    request: undefined,
    shape: undefined,
    cursor: undefined,
    fault: undefined,
  };
  const handlers: SocketHandlers = socketHandlers(
    rig.edge.core,
    rig.edge.hub,
    socket,
    anonymous("premium"),
    defaults,
  );
  handlers.onOpen();
  const cursor = formatCursor(client.cursor);
  handlers.onMessage(
    JSON.stringify({
      action: "subscribe",
      symbols: client.asked.symbols,
      mode: client.asked.mode,
      ...(cursor && { cursor }),
    }),
  );
  return {
    read() {
      if (!socket.isStalled) socket.drain();
      for (const message of socket.read.splice(0)) client.take(message);
      if (socket.closeCode !== undefined) {
        socket.drain();
        for (const message of socket.read.splice(0)) client.take(message);
        handlers.onClose();
      }
      return Promise.resolve(socket.closeCode === undefined);
    },
    stall() {
      socket.isStalled = !socket.isStalled;
    },
    drop() {
      socket.lose();
      handlers.onClose();
    },
  };
}

/** An event stream. */
export function connectStream(rig: Rig, client: ModelClient): Connection {
  const query = `symbols=${client.asked.symbols.join(",")}&mode=${client.asked.mode}`;
  const headers: Record<string, string> = client.cursor.size
    ? { "last-event-id": formatCursor(client.cursor) }
    : {};
  const opening = Promise.resolve(
    rig.edge.fetch(new Request(`http://edge/sse/${client.asked.stream}?${query}`, { headers })),
  );
  let isStalled = false;
  let isGone = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let pending: Promise<void> | undefined;
  let text = "";
  const decoder = new TextDecoder();
  const pump = async () => {
    reader ??= (await opening).body?.getReader();
    const result = await reader?.read().catch(() => undefined);
    if (result === undefined || result.done) isGone = true;
    else text += decoder.decode(result.value, { stream: true });
    pending = undefined;
  };
  let id = "";
  const blocks = () => {
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = new Map(
        text.slice(0, end).split("\n").map((
          line,
        ) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      text = text.slice(end + 2);
      id = fields.get("id") ?? id;
      const data = fields.get("data");
      if (data === undefined) {
        if (fields.has("id")) client.take({ type: "id", cursor: id });
        continue;
      }
      const parsed = JSON.parse(data);
      const cursor = fields.get("id");
      if (Array.isArray(parsed)) client.take({ type: "events", events: parsed, cursor });
      else client.take({ ...parsed, type: fields.get("event") ?? "", cursor });
    }
  };
  return {
    async read() {
      for (let n = 0; n < 50 && !isStalled && !isGone; n++) {
        pending ??= pump();
        await settle(30);
        if (pending !== undefined) break;
      }
      blocks();
      return !isGone;
    },
    stall() {
      isStalled = !isStalled;
    },
    drop() {
      isGone = true;
      void opening.then(async ({ body }) =>
        reader === undefined ? await body?.cancel() : await reader.cancel()
      ).catch(() => {});
    },
  };
}

/** One poll after the other; `random` says which of them wait. */
export function connectPoll(rig: Rig, client: ModelClient, random: () => number): Connection {
  let isGone = false;
  let pending: Promise<void> | undefined;
  const ask = async () => {
    const query = new URLSearchParams({ symbols: client.asked.symbols.join(","), mode: client.asked.mode });
    if (client.cursor.size) query.set("cursor", formatCursor(client.cursor));
    if (random() < 0.5) query.set("wait", "1");
    const response = await rig.edge.fetch(new Request(`http://edge/events/${client.asked.stream}?${query}`));
    const text = await response.text();
    if (isGone) return;
    if (response.status === 200) {
      const { gap, events, cursor } = JSON.parse(text);
      if (gap) client.takeGap(gap);
      client.take({ type: "events", events, cursor });
    } else isGone = true;
    pending = undefined;
  };
  return {
    async read() {
      if (isGone) return false;
      pending ??= ask();
      await settle(50);
      return !isGone;
    },
    stall() {},
    drop() {
      isGone = true;
    },
  };
}
