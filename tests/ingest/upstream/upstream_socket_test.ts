import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../../src/feed/clock.ts";
import { socketOpener, type UpstreamSocket } from "../../../src/ingest/upstream/upstream_socket.ts";
import { wsUpstream } from "../../support/ws_upstream.ts";
import { until } from "../../support/until.ts";

const open = socketOpener(systemClock);
const never = new AbortController().signal;

async function opened(url: string): Promise<UpstreamSocket> {
  const outcome = await open(url, 5_000, never);
  if (!outcome.ok) throw new Error(outcome.refusal.detail);
  return outcome.socket;
}

async function refused(url: string, limitMs = 5_000, signal = never): Promise<string> {
  const outcome = await open(url, limitMs, signal);
  if (outcome.ok) throw new Error("it opened");
  return outcome.refusal.kind;
}

/** Reads until the socket ends; true stops earlier. */
async function read(socket: UpstreamSocket, each: (text: string) => boolean | void): Promise<void> {
  for await (const burst of socket.bursts()) {
    for (const frame of burst) if (each(frame.text) === true) return;
  }
}

Deno.test("frames come in order, and a frame of several MB comes whole", async () => {
  await using server = await wsUpstream((socket) => {
    for (let n = 0; n < 100; n++) socket.send(String(n));
    socket.send("x".repeat(5_000_000));
  });
  const socket = await opened(server.url);
  const texts: string[] = [];
  await read(socket, (text) => {
    texts.push(text);
    return text.length > 10;
  });
  assertEquals(texts.slice(0, 100), Array.from({ length: 100 }, (_, n) => String(n)));
  assertEquals(texts[100]?.length, 5_000_000);
  await socket.close();
});

Deno.test("single frames in quick succession are read several at a time, all of them and in order", async () => {
  const count = 600;
  await using server = await wsUpstream((socket) => {
    let next = 0;
    const beganMs = performance.now();
    const ticking = setInterval(() => {
      // Two a millisecond, however late a busy machine rings: frames that come seldom are read alone.
      const due = Math.min(count, 2 * Math.ceil(performance.now() - beganMs));
      while (next < due) socket.send(String(next++));
      if (next === count) clearInterval(ticking);
    }, 1);
    socket.on("close", () => clearInterval(ticking));
  });
  const socket = await opened(server.url);
  const texts: string[] = [];
  let bursts = 0;
  for await (const burst of socket.bursts()) {
    bursts++;
    texts.push(...burst.map(({ text }) => text));
    if (texts.length === count) break;
  }
  assertEquals(texts, Array.from({ length: count }, (_, n) => String(n)));
  assert(bursts < count / 2, `${bursts} bursts`);
  await socket.close();
});

Deno.test("what was sent just before the other side let go is read although the socket rested", async () => {
  await using server = await wsUpstream((socket) => {
    for (let n = 0; n < 20; n++) setTimeout(() => socket.send(String(n)), n * 2);
    setTimeout(() => {
      socket.send("last");
      socket.close(1001);
    }, 41);
  });
  const socket = await opened(server.url);
  const texts: string[] = [];
  await read(socket, (text) => void texts.push(text));
  assertEquals(texts, [...Array.from({ length: 20 }, (_, n) => String(n)), "last"]);
  assertEquals(socket.endedBy().kind, "closed");
});

Deno.test("a close on purpose reaches the other side as a close frame with 1000", async () => {
  const codes: number[] = [];
  await using server = await wsUpstream((socket) => socket.on("close", (code) => codes.push(code)));
  const socket = await opened(server.url);
  await socket.close();
  await read(socket, () => {});
  await until(() => codes.length > 0, "the close frame");
  assertEquals(codes, [1000]);
});

Deno.test("a close that is never answered ends all the same", async () => {
  await using server = await wsUpstream((_socket, raw) => raw.pause());
  const socket = await opened(server.url);
  await socket.close();
  let isOver = false;
  void read(socket, () => {}).then(() => isOver = true);
  await until(() => isOver, "its end");
});

Deno.test("bytes that are no frame yet, and pongs, are signs of life", async () => {
  await using server = await wsUpstream(() => {});
  const socket = await opened(server.url);
  const before = socket.bytesRead();
  socket.ping();
  await until(() => socket.bytesRead() > before, "the pong");
  socket.terminate();
  await read(socket, () => {});
});

Deno.test("a drop without a close frame, and each close code, say what they were", async () => {
  for (
    const [ends, kind] of [["drop", "dropped"], ["1008", "max_connections"], ["1001", "closed"]] as const
  ) {
    await using server = await wsUpstream((socket) => {
      if (ends === "drop") socket.terminate();
      else socket.close(Number(ends), "");
    });
    const socket = await opened(server.url);
    await read(socket, () => {});
    assertEquals(socket.endedBy().kind, kind);
  }
});

Deno.test("a refused upgrade says its status: wrong path, outage, and what is neither", async () => {
  await using server = await wsUpstream(() => {}, (request, raw) => {
    raw.end(`HTTP/1.1 ${request.url?.slice(1)} Nope\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    return true;
  });
  assertEquals(await refused(`${server.url}/404`), "wrong_path");
  assertEquals(await refused(`${server.url}/503`), "outage");
  assertEquals(await refused(`${server.url}/403`), "upgrade_refused");
});

Deno.test("an upgrade that hangs is given up on in time, or at once when stopped", async () => {
  await using server = await wsUpstream(() => {}, () => true);
  assertEquals(await refused(server.url, 50), "open_timeout");
  const stop = new AbortController();
  const opening = refused(server.url, 60_000, stop.signal);
  stop.abort();
  assertEquals(await opening, "unreachable");
});

Deno.test("nobody listening and TLS with a host that speaks none are told apart", async () => {
  const server = await wsUpstream(() => {});
  const url = server.url;
  assertEquals(await refused(url.replace("ws:", "wss:")), "tls");
  await server[Symbol.asyncDispose]();
  assertEquals(await refused(url), "unreachable");
});
