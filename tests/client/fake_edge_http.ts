/** The fake edge's event streams, polls, snapshots and pages. */
import { type FakeEdge, gapMessage, latestOf, partOf, placeOf, takes } from "./fake_edge.ts";

const symbolsOf = (url: URL): Set<string> => new Set((url.searchParams.get("symbols") ?? "*").split(","));

/** Answers everything but `/ws`. */
export function serveHttp(edge: FakeEdge, request: Request, url: URL): Response | Promise<Response> {
  const page = edge.pages.get(url.pathname);
  if (page) return pageResponse(page);
  const answer = edge.answers.get(url.pathname);
  if (answer !== undefined) return Response.json(answer);
  const [, route, stream = ""] = url.pathname.split("/");
  const token = request.headers.get("authorization")?.slice("Bearer ".length);
  if (!edge.lets(token)) {
    return Response.json({ error: { code: "UNAUTHORIZED", message: "no" } }, { status: 401 });
  }
  if (route === "sse") {
    return edge.faults.sseStatus
      ? new Response("", { status: edge.faults.sseStatus })
      : serveSse(edge, url, request.signal);
  }
  if (edge.faults.pollStatus) return new Response("", { status: edge.faults.pollStatus });
  if (!edge.lists.has(stream)) {
    return Response.json({ error: { code: "NOT_FOUND", message: "no such route" } }, { status: 404 });
  }
  if (route === "snapshot") {
    const events = latestOf(edge.list(stream), symbolsOf(url));
    return Response.json({ stream, cursor: edge.cursor(stream), events });
  }
  return poll(edge, url, stream, request.signal);
}

/** With the policy that the real edge serves pages under. */
function pageResponse(page: { body: Uint8Array; contentType: string }): Response {
  return new Response(page.body.slice(), {
    headers: {
      "content-type": page.contentType,
      "content-security-policy":
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    },
  });
}

function serveSse(edge: FakeEdge, url: URL, signal: AbortSignal): Response {
  const streams = (url.searchParams.get("streams") ?? "").split(",");
  const symbols = symbolsOf(url);
  const cursor = url.searchParams.get("cursor");
  const places = new Map<string, number>();
  const encoder = new TextEncoder();
  const abort = new AbortController();
  const position = (stream: string) => `${edge.list(stream).epoch}-${(places.get(stream) ?? 1) - 1}`;
  const whole = () => streams.map((stream) => `${stream}:${position(stream)}`).join(",");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: string, data: unknown) => {
        const block = encoder.encode(`id: ${whole()}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
        try {
          controller.enqueue(block);
        } catch {
          // The client let go, and its cancel is still on its way here.
        }
      };
      const flush = () => {
        for (const stream of streams) {
          const list = edge.list(stream);
          const from = Math.max(0, (places.get(stream) ?? 1) - list.first);
          places.set(stream, list.first + list.events.length);
          const events = list.events.slice(from).filter((event) => takes(symbols, event.sym));
          if (events.length > 0) send(stream, events);
        }
      };
      const gaps: unknown[] = [];
      for (const stream of streams) {
        const at = partOf(cursor, stream);
        const { index, gap } = placeOf(edge.list(stream), at);
        places.set(stream, edge.list(stream).first + index);
        if (gap && at) gaps.push(gapMessage(stream, edge.list(stream), at, gap));
      }
      send("hello", { protocol: "tickcast.v1", edge: "fake-sse", heartbeat_ms: 15_000 });
      send("subscribed", { streams, cursor: whole() });
      for (const gap of gaps) send("gap", gap);
      for (const stream of streams) {
        if (url.searchParams.get("snapshot") !== "true" && stream !== "heatmap") continue;
        send("snapshot", {
          stream,
          cursor: edge.cursor(stream),
          events: latestOf(edge.list(stream), symbols),
          last: true,
        });
      }
      flush();
      edge.followers.add(flush);
      const end = () => {
        edge.followers.delete(flush);
        edge.aborts.delete(abort);
        try {
          controller.close();
        } catch {
          // The client closed it first.
        }
      };
      edge.aborts.add(abort);
      abort.signal.addEventListener("abort", end, { once: true });
      signal.addEventListener("abort", end, { once: true });
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

async function poll(edge: FakeEdge, url: URL, stream: string, signal: AbortSignal): Promise<Response> {
  const at = partOf(url.searchParams.get("cursor"), stream);
  const list = edge.list(stream);
  const { index, gap } = placeOf(list, at);
  const wait = Number(url.searchParams.get("wait") ?? 0);
  if (wait > 0 && index >= list.events.length) await nextAppend(edge, wait, signal);
  const symbols = symbolsOf(url);
  const events = list.events.slice(index).filter((event) => takes(symbols, event.sym));
  return Response.json({
    stream,
    cursor: edge.cursor(stream),
    events,
    gap: gap && at ? gapMessage(stream, list, at, gap) : null,
  });
}

/** Resolves at the next append, the time limit, the client's leaving or the server's stop, whichever is first. */
function nextAppend(edge: FakeEdge, waitS: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const abort = new AbortController();
    const done = () => {
      clearTimeout(timer);
      edge.followers.delete(done);
      edge.aborts.delete(abort);
      resolve();
    };
    const timer = setTimeout(done, waitS * 1000);
    edge.followers.add(done);
    edge.aborts.add(abort);
    abort.signal.addEventListener("abort", done, { once: true });
    signal.addEventListener("abort", done, { once: true });
  });
}
