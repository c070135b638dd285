/**
 * The way in for WebSockets: everything is judged before the upgrade, and a plain GET is told why it would be refused, for a
 * browser can't see an upgrade's error. Kept apart from all that sets headers on answers: an upgrade's can't be changed on
 * every runtime.
 */
import { TickcastError } from "../../feed/error.ts";
import type { ConnectionDefaults } from "./command_desk.ts";
import type { EdgeCore } from "../edge_core.ts";
import { answerFault } from "../http_answer.ts";
import type { Principal } from "../admit/principal.ts";
import type { SessionHub } from "./session_hub.ts";
import type { UrlDefaults } from "./url_defaults.ts";
import { subprotocolOf } from "./websocket_transport.ts";

/** A socket that may be opened. */
export interface SocketAdmission {
  readonly principal: Principal | undefined;
  readonly defaults: ConnectionDefaults;
  /** To be selected, where one was offered. */
  readonly protocol: string | undefined;
  /** Among the connections of the principal's subject, until the socket's session holds its own or there will be none. */
  readonly place: Disposable | undefined;
}

/**
 * Judges a request for `/ws` or `/ws/{stream}`; a {@link Response} is a refusal. Room is judged before the token, which costs
 * more, and again after it: others came in meanwhile.
 */
export async function admitSocket(
  core: EdgeCore,
  hub: SessionHub,
  request: Request,
  defaults: UrlDefaults,
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
    hub.checkRoom();
    core.subjects.check(principal?.subject);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw new TickcastError(
        "UPGRADE_REQUIRED",
        "Cannot answer as this is a WebSocket: connect with an upgrade",
      );
    }
    const protocol = subprotocolOf(request);
    const said = defaults.of(request.url, stream);
    // Last: nothing after it may throw.
    const place = principal && core.subjects.take(principal.subject);
    return { principal, defaults: said, protocol, place };
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
