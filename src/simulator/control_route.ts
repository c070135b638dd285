/**
 * `/control` over HTTP: `GET` shows connections, counts and the faults there are; `POST` with JSON does one. For tests
 * and by hand: `curl -d '{"fault":"drop"}' localhost:8001/control`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { publicError, TickcastError } from "../feed/error.ts";
import { describeFaults } from "./faults/fault_table.ts";
import type { Simulator } from "./simulator_options.ts";

/** Longest command, in bytes. */
const COMMAND_MAX_BYTES = 1024 * 1024;

/** Answers one HTTP request. Never throws. */
export async function answerControl(
  request: IncomingMessage,
  response: ServerResponse,
  simulator: Pick<Simulator, "state" | "control">,
): Promise<void> {
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(`${JSON.stringify(body, null, 2)}\n`);
  };
  try {
    if ((request.url ?? "").split("?", 1)[0] !== "/control") {
      return answer(404, {
        error: { code: "NOT_FOUND", message: "Connect a WebSocket to /stocks, or GET /control" },
      });
    }
    if (request.method === "GET") return answer(200, { ...simulator.state(), faults: describeFaults() });
    if (request.method !== "POST") {
      return answer(405, { error: { code: "METHOD_NOT_ALLOWED", message: "GET or POST" } });
    }
    answer(200, simulator.control(commandOf(await bodyOf(request))));
  } catch (error) {
    answer(error instanceof TickcastError ? error.status : 500, { error: publicError(error) });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of request) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > COMMAND_MAX_BYTES) {
      throw new TickcastError("TOO_LARGE", `Cannot take a command as it is over ${COMMAND_MAX_BYTES} bytes`);
    }
  }
  return text + decoder.decode();
}

function commandOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TickcastError("BAD_JSON", "Cannot take a command as it is no JSON object");
  }
  return value as Record<string, unknown>;
}
