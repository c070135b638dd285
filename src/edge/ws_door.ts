/**
 * The way in for WebSockets: everything is judged before the upgrade, and a plain GET is told why it would be refused, for a
 * browser can't see an upgrade's error. Kept apart from all that sets headers on answers: an upgrade's can't be changed on
 * every runtime.
 */
import { TickcastError } from "../feed/error.ts";
import type { ConnectionDefaults } from "./command_desk.ts";
import type { EdgeCore } from "./edge_core.ts";
import { answerFault } from "./http_answer.ts";
import type { Principal } from "./principal.ts";
import type { SessionHub } from "./session_hub.ts";
import { checkStreams } from "./subscription_ask.ts";
import { readQuery } from "./subscription_query.ts";

/** A socket that may be opened. */
export interface SocketAdmission {
  readonly principal: Principal | undefined;
  readonly defaults: ConnectionDefaults;
}

/** Judges a request for `/ws` or `/ws/{stream}`; a {@link Response} is a refusal. */
export async function admitSocket(
  core: EdgeCore,
  hub: SessionHub,
  request: Request,
  url: URL,
  stream: string | undefined,
): Promise<SocketAdmission | Response> {
  try {
    if (!core.settings.wsEnabled) {
      throw new TickcastError(
        "WS_DISABLED",
        "Cannot open a socket as WS_ENABLED is false: use /sse or /events",
      );
    }
    if (request.method !== "GET") {
      throw new TickcastError("METHOD_NOT_ALLOWED", "Cannot open a socket as the method must be GET");
    }
    if (stream !== undefined && !core.feeds.streams.has(stream)) {
      throw new TickcastError("UNKNOWN_STREAM", "Cannot open a socket as there is no stream of that name");
    }
    hub.checkRoom();
    const { principal } = await core.gate.admit(request, "ws");
    core.subjects.check(principal?.subject);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw new TickcastError(
        "UPGRADE_REQUIRED",
        "Cannot answer as this is a WebSocket: connect with an upgrade",
      );
    }
    return { principal, defaults: defaultsOf(core, url, stream) };
  } catch (error) {
    return refusal(core, error);
  }
}

/** A refused request, counted. */
export function refusal(core: EdgeCore, error: unknown): Response {
  const code = error instanceof TickcastError ? error.code : "INTERNAL";
  core.counters.refuse(code);
  if (code === "UPGRADE_REQUIRED") return answerFault(error, { upgrade: "websocket", connection: "Upgrade" });
  return answerFault(error, code === "METHOD_NOT_ALLOWED" ? { allow: "GET" } : {});
}

/** What the URL says for the whole connection. What is wrong in it is told on the open socket, which lives on. */
function defaultsOf(core: EdgeCore, url: URL, stream: string | undefined): ConnectionDefaults {
  const named = stream === undefined ? undefined : [stream];
  try {
    const query = readQuery(url);
    const streams = named ?? query.streams;
    if (streams !== undefined) checkKnown(core, streams);
    const shape = { mode: query.mode, maxHz: query.maxHz, fields: query.fields };
    const isAsking = query.symbols !== undefined;
    return {
      streams,
      fault: undefined,
      request: isAsking
        ? {
          id: undefined,
          streams: streams ?? core.plan.streams() ?? [...core.feeds.streams.keys()],
          symbols: query.symbols,
          cursor: query.cursor,
          shape,
          snapshot: query.snapshot ?? false,
        }
        : undefined,
      shape,
      cursor: isAsking ? undefined : query.cursor,
    };
  } catch (error) {
    if (!(error instanceof TickcastError)) throw error;
    return { streams: named, fault: error, request: undefined, shape: undefined, cursor: undefined };
  }
}

function checkKnown(core: EdgeCore, streams: readonly string[]): void {
  checkStreams(streams, core.feeds.streams, EVERYBODY);
}

/** Rights are judged when the client is known; names can be judged before. */
const EVERYBODY: Principal = {
  subject: "",
  tier: "standard",
  expiresAtMs: undefined,
  streams: undefined,
  symbols: undefined,
};
