/** A request written byte by byte, for what no client library would send. */

const DEADLINE_MS = 45_000;

/** What came back: everything up to the end of the headers, or of the connection. */
export interface RawAnswer {
  /** 0 when the connection was cut without one. */
  readonly status: number;
  readonly text: string;
}

/** Sends `text` and reads until the answer is whole, the connection ends, or the deadline. */
export async function rawRequest(port: number, text: string | Uint8Array): Promise<RawAnswer> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const late = setTimeout(() => close(connection), DEADLINE_MS);
  const decoder = new TextDecoder();
  let answer = "";
  // Read meanwhile: who has heard enough answers and ends before all is said.
  const saying = writeAll(connection, typeof text === "string" ? new TextEncoder().encode(text) : text)
    .catch(() => {});
  try {
    const buffer = new Uint8Array(65_536);
    while (!isWhole(answer)) {
      const read = await connection.read(buffer);
      if (read === null) break;
      answer += decoder.decode(buffer.subarray(0, read), { stream: true });
    }
  } catch {
    // Cut, which is an answer too.
  } finally {
    clearTimeout(late);
    close(connection);
    await saying;
  }
  return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0), text: answer };
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, end))?.[1];
  return length === undefined || answer.length - end - 4 >= Number(length);
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** The lines of a WebSocket handshake; a test changes what it is about. */
export function handshakeText(
  path: string,
  over: Readonly<Record<string, string | null>> = {},
  start?: string,
): string {
  const headers: Record<string, string | null> = {
    Host: "edge.example",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...over,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== null).map(([name, value]) =>
    `${name}: ${value}`
  );
  return `${start ?? `GET ${path} HTTP/1.1`}\r\n${lines.join("\r\n")}\r\n\r\n`;
}
