// The stages of `deno task load` for those who use k6:  k6 run -e URL=http://localhost:8000 deploy/load.k6.js
//
// Written to the types of @types/k6 2.3.0. Its limits against `deno task load`: WebSocket only (no server-sent events, no
// polling); no flapping or slow clients; a lost event is seen only where a
// client wants all symbols; no witness for filtered clients; no resume after a cut; latency needs both clocks to agree.
import ws from "k6/ws";
import { check } from "k6";
import { Counter, Rate, Trend } from "k6/metrics";

const url = (__ENV.URL || "http://localhost:8000").replace(/^http/, "ws");
const stream = __ENV.STREAM || "tick";
const symbols = (__ENV.SYMBOLS || "*").split(",");
const sessionMs = Number(__ENV.SESSION_MS || 30000);

const failed = new Rate("failed_connections");
const connecting = new Trend("connect_ms", true);
const snapshot = new Trend("snapshot_ms", true);
const delivery = new Trend("delivery_ms", true);
const events = new Counter("events");
const lost = new Counter("events_lost_undetected");
const repeated = new Counter("events_repeated");
const malformed = new Counter("malformed_messages");

export const options = {
  stages: [
    { duration: "1m", target: 100 },
    { duration: "5m", target: 500 },
    { duration: "2m", target: 1000 },
    { duration: "2m", target: 0 },
  ],
  thresholds: {
    failed_connections: ["rate<0.01"],
    connect_ms: ["p(95)<500", "p(99)<1000"],
    snapshot_ms: ["p(95)<500", "p(99)<1000"],
    delivery_ms: ["p(95)<500", "p(99)<1000"],
    events_lost_undetected: ["count==0"],
    events_repeated: ["count==0"],
    malformed_messages: ["count==0"],
  },
};

export default function () {
  const started = Date.now();
  const positions = {};
  let opened = 0;
  const params = { headers: { "Sec-WebSocket-Protocol": "tickcast.v1" } };
  if (__ENV.TOKEN) params.headers.Authorization = `Bearer ${__ENV.TOKEN}`;
  const response = ws.connect(`${url}/ws`, params, (socket) => {
    socket.on("open", () => {
      opened = Date.now();
      connecting.add(opened - started);
      socket.send(JSON.stringify({ action: "subscribe", streams: [stream], symbols, snapshot: true }));
    });
    socket.on("message", (text) => take(text, positions, started, opened));
    socket.setTimeout(() => socket.close(1000), sessionMs);
  });
  failed.add(!check(response, { "upgraded": (r) => r && r.status === 101 }));
}

function take(text, positions, started, opened) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    malformed.add(1);
    return;
  }
  if (message.type === "snapshot" && message.last) snapshot.add(Date.now() - started);
  if (message.type === "gap") delete positions[listOf(message.after)];
  if (message.type !== "events") return;
  for (const event of message.events) {
    events.add(1);
    const list = listOf(event.id);
    const [epoch, seq] = event.id.slice(event.id.indexOf(".") + 1).split("-");
    const last = positions[list];
    if (last && last.epoch === epoch) {
      if (Number(seq) <= last.seq) repeated.add(1);
      else if (symbols[0] === "*" && Number(seq) > last.seq + 1) lost.add(Number(seq) - last.seq - 1);
    }
    positions[list] = { epoch, seq: Number(seq) };
    if (event.rx >= opened) delivery.add(Date.now() - event.rx);
  }
}

// A split stream's ids carry their list: "3.k3f9a0b1-7".
const listOf = (id) => (id.includes(".") ? id.split(".")[0] : "");
