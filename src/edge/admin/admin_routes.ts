/**
 * `/api/…`: the upstream connections as ingest reports them, and commands to it at run time. Reading is open unless
 * `PRIVATE_STATS`; acting needs `ADMIN_TOKEN`.
 */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { ControlCommand } from "../../feed/control.ts";
import { TickcastError } from "../../feed/error.ts";
import type { StreamTable } from "../../feed/stream.ts";
import { FREQUENCIES } from "../../feed/stream.ts";
import { canonicalSymbol, isSymbol } from "../../feed/symbol.ts";
import { readAs, readJsonBody } from "./admin_body.ts";
import type { ControlDesk } from "./admin_commands.ts";
import {
  connectionDetail,
  connectionList,
  connectionTickers,
  findConnection,
  locateTicker,
} from "./admin_connections.ts";
import type { AdminGuard, Guard } from "./admin_guard.ts";
import type { HealthService } from "../report/health_service.ts";
import { answer, answerError } from "../report/operational_answer.ts";

/** What the routes need. */
export interface AdminRouteOptions {
  readonly health: HealthService;
  readonly desk: ControlDesk;
  readonly guard: AdminGuard;
  readonly streams: StreamTable;
}

const TickerAction = z.strictObject({
  action: z.enum(["subscribe", "unsubscribe"]),
  tickers: z.array(z.string().refine((text) => text === "*" || isSymbol(text), "must be a symbol or *")).min(
    1,
  ).max(10_000),
  frequency: z.enum(FREQUENCIES),
  connection: z.string().min(1).max(64).optional(),
});
const StreamAction = z.strictObject({ action: z.enum(["start", "stop"]) });

type Answerer = (c: Context) => Promise<Response> | Response;

/** Lets the guard speak first and turns what is thrown into its code. */
const guarded = (guard: Guard, then: Answerer) => async (c: Context): Promise<Response> => {
  try {
    return guard(c.req.raw) ?? await then(c);
  } catch (error) {
    return answerError(error);
  }
};

const missing = (what: string) =>
  new TickcastError("NOT_FOUND", `Cannot show it as there is no such ${what}`);

/** See the file's head. */
export function adminRoutes(options: AdminRouteOptions): Hono {
  const app = new Hono();
  addReading(app, options);
  addActing(app, options);
  return app;
}

function addReading(app: Hono, { health, desk, guard }: AdminRouteOptions): void {
  const read = (then: Answerer) => guarded(guard.mayRead, then);
  const connection = async (c: Context) => {
    const found = findConnection((await health.readNotes()).ingest, c.req.param("id") ?? "");
    if (!found) throw missing("connection");
    return found;
  };
  app.get(
    "/api/websocket/connections",
    read(async () => answer(connectionList((await health.readNotes()).ingest))),
  );
  app.get("/api/websocket/connections/:id", read(async (c) => answer(connectionDetail(await connection(c)))));
  app.get(
    "/api/websocket/connections/:id/tickers",
    read(async (c) => {
      const tickers = connectionTickers(await connection(c));
      // Only an operator's question is worth a command to ingest.
      if (!tickers.truncated || guard.mayAct(c.req.raw) !== undefined) return answer(tickers);
      return answer({
        ...tickers,
        ...await desk.ask({ do: "tickers", connection: tickers.connection }),
        truncated: false,
      });
    }),
  );
  app.get(
    "/api/websocket/tickers/:ticker",
    read(async (c) => {
      const ticker = canonicalSymbol(c.req.param("ticker") ?? "");
      if (!isSymbol(ticker)) {
        throw new TickcastError("BAD_SYMBOL", "Cannot look a ticker up as that is not a symbol");
      }
      const found = locateTicker((await health.readNotes()).ingest, ticker);
      if (found) {
        if (found.connections.length === 0) {
          throw missing("ticker on any connection");
        }
        return answer(found);
      }
      const refusal = guard.mayAct(c.req.raw);
      return refusal ?? answer({ ticker, ...await desk.ask({ do: "lookup", ticker }) });
    }),
  );
}

function addActing(app: Hono, { desk, guard, streams }: AdminRouteOptions): void {
  const act = (command: (c: Context) => Promise<ControlCommand> | ControlCommand) =>
    guarded(guard.mayAct, async (c) => answer(await desk.ask(readAs(ControlCommand, await command(c)))));
  const body = (c: Context) => readJsonBody(c.req.raw);
  app.post(
    "/api/websocket/connections",
    act(async (c) => {
      const asked = readAs(z.record(z.string(), z.unknown()), await body(c));
      return readAs(ControlCommand, { ...asked, do: "add_connection" });
    }),
  );
  app.delete(
    "/api/websocket/connections/:id",
    act((c) => ({ do: "remove_connection", connection: c.req.param("id") ?? "" })),
  );
  app.post(
    "/api/websocket/tickers",
    act(async (c) => {
      const { action, ...rest } = readAs(TickerAction, await body(c));
      return { do: action, ...rest, tickers: rest.tickers.map(canonicalSymbol) };
    }),
  );
  app.post("/api/websocket/rebalance", act(() => ({ do: "rebalance" })));
  app.post(
    "/api/streams/:stream",
    act(async (c) => {
      const stream = c.req.param("stream") ?? "";
      if (!streams.has(stream)) {
        throw new TickcastError("UNKNOWN_STREAM", "Cannot start or stop a stream as none has that name");
      }
      const { action } = readAs(StreamAction, await body(c));
      return { do: action === "start" ? "start_stream" : "stop_stream", stream };
    }),
  );
  app.post("/api/reload", act(() => ({ do: "reload" })));
}
