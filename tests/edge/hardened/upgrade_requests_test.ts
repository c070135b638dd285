/** Requests for an upgrade that have more to say than a handshake: answered from their headers, for nothing ends the wait for more. */
import { assertEquals } from "@std/assert";
import { handshakeText, rawRequest } from "../../support/raw_http.ts";
import { edgeRig } from "../edge_rig.ts";

const BODIES: readonly (readonly [what: string, headers: Readonly<Record<string, string>>])[] = [
  ["a length", { "Content-Length": "5" }],
  ["chunks", { "Transfer-Encoding": "chunked" }],
];

for (const server of ["deno", "hardened"] as const) {
  for (const path of ["/ws", "/massive/stocks", "/tickets", "/events/tick"]) {
    for (const method of ["GET", "POST"]) {
      Deno.test(`an upgrade of ${path} by ${method} whose body never comes is refused at once (SERVER=${server})`, async () => {
        await using rig = edgeRig({ settings: { server, maxConnectionsPerIp: 1 } });
        const { port } = await rig.edge.serve("127.0.0.1", 0);
        for (const [what, headers] of BODIES) {
          const answer = await rawRequest(port, handshakeText("", headers, `${method} ${path} HTTP/1.1`));
          assertEquals(answer.status, 400, what);
        }
        assertEquals((await rawRequest(port, handshakeText("/ws"))).status, 101);
      });
    }
  }
}
