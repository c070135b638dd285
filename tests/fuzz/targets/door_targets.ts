/** A whole edge: any request at any of its doors, and anything in the lists it serves. */
import { assert, assertEquals } from "@std/assert";
import { epochFromNumber, ORIGIN } from "../../../src/feed/cursor.ts";
import { ERROR_KINDS } from "../../../src/feed/error.ts";
import { encodeEvent, stampBody } from "../../../src/feed/event_text.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { edgeRig, type Rig } from "../../edge/edge_rig.ts";
import { aFairValue, aMinute, aSignal, aTrade } from "../../support/event_factory.ts";
import { type FuzzTarget, jsonOf } from "../fuzz_target.ts";

const BASE = "http://edge.example";

/** `GET /path` and header lines, as a client would write them; undefined for what no client could send. */
function requestOf(text: string): Request | undefined {
  const [first = "", ...lines] = text.split("\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  try {
    const url = new URL(BASE + path);
    // A long poll would wait for events that never come.
    url.searchParams.delete("wait");
    return url.origin === BASE ? new Request(url, { method, headers: new Headers(headers) }) : undefined;
  } catch {
    return undefined;
  }
}

/** One edge for all inputs: nothing of one request may stay behind to disturb the next. */
let shared: Promise<Rig> | undefined;
async function warmRig(): Promise<Rig> {
  const rig = edgeRig();
  for (const list of ["tick", "minute"]) {
    await rig.writer.append(list, list === "tick" ? [aTrade(), aTrade({ tid: "2" })] : [aMinute()]);
  }
  return rig;
}

const requests: FuzzTarget = {
  name: "requests at every door",
  samples: [
    "GET /events/tick?cursor=earliest&symbols=AAPL,X:*&mode=latest&max_hz=4&fields=price",
    'GET /events/tick?cursor=tick:k3f9a0b1-1042\nif-none-match: "abc"',
    "GET /sse?streams=tick,minute&symbols=AAPL\nlast-event-id: tick:k3f9a0b1-1042,minute:k3f9a0b1-88",
    "GET /sse/tick?ticket=AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\norigin: https://app.example.com",
    "GET /snapshot/minute?symbols=*",
    "GET /ws?streams=tick\nx-forwarded-for: 1.1.1.1",
    "POST /tickets\nauthorization: Bearer abc",
    "OPTIONS /events/tick\norigin: https://app.example.com\naccess-control-request-method: GET",
    "GET /massive/stocks",
  ],
  async hold(text) {
    const request = requestOf(text);
    if (request === undefined) return;
    const rig = await (shared ??= warmRig());
    const response = await rig.edge.fetch(request);
    const { status } = response;
    assert(status !== 500 && status >= 200 && status <= 599, `${status}`);
    assert(response.headers.get("x-powered-by") === null);
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
      await response.body?.cancel();
      return;
    }
    const body = await response.text();
    if (status >= 400 && response.headers.get("content-type")?.startsWith("application/json")) {
      const { code } = Object(Object(jsonOf(body)).error ?? jsonOf(body));
      assert(typeof code === "string" && code in ERROR_KINDS && code !== "INTERNAL", body.slice(0, 300));
    }
  },
  end: endShared,
};

const element = (epoch: string) => stampBody(`${epoch}-1`, encodeEvent(aTrade()).text);
/** What stands for the epoch in samples: every input is a list of its own. */
const MARK = "k3f9a0b1";

let served: { readonly rig: Rig; elements: readonly string[]; epoch: string } | undefined;
let epochs = 0;

async function endShared(): Promise<void> {
  const rig = await shared;
  shared = undefined;
  await rig?.[Symbol.asyncDispose]();
}

async function endServed(): Promise<void> {
  const rig = served?.rig;
  served = undefined;
  await rig?.[Symbol.asyncDispose]();
}

/** An edge whose store has these elements in every list. */
function servingRig(): NonNullable<typeof served> {
  const state: { elements: readonly string[]; epoch: string } = { elements: [], epoch: "" };
  const wrapStore = (store: FeedStore): FeedStore => {
    const read = () =>
      Promise.resolve({
        head: { ...ORIGIN, epoch: state.epoch, seq: state.elements.length, pullMs: 10 },
        elements: state.elements,
      });
    return {
      ...store,
      readTail: read,
      readLatest: read,
      usage: () => store.usage(),
      ping: () => store.ping(),
    };
  };
  const rig = edgeRig({ wrapStore });
  return Object.assign(state, { rig });
}

const lists: FuzzTarget = {
  name: "elements at every door",
  samples: [
    element(MARK),
    stampBody(`${MARK}-1`, encodeEvent(aMinute()).text),
    stampBody(`${MARK}-1`, encodeEvent(aFairValue()).text),
    stampBody(`${MARK}-1`, encodeEvent(aSignal()).text),
    '{"id":"k3f9a0b1-1","type":"gap","t":1,"rx":2,"lost":5,"cause":"overflow","from":1,"to":2}',
  ],
  async hold(text) {
    const place = served ??= servingRig();
    place.epoch = epochFromNumber(36 ** 7 + ++epochs);
    const odd = text.replaceAll(MARK, place.epoch);
    place.elements = [odd, stampBody(`${place.epoch}-2`, encodeEvent(aTrade({ tid: "good" })).text)];
    for (
      const path of [
        "/events/tick?cursor=tick:0-0",
        "/events/tick?cursor=tick:0-0&mode=latest&fields=price,tid",
        "/snapshot/tick",
      ]
    ) {
      const response = await place.rig.edge.fetch(new Request(`${BASE}${path}`));
      const body = jsonOf(await response.text());
      assertEquals(response.status, 200, path);
      const { events } = Object(body);
      assert(Array.isArray(events), "an answer that can be read");
    }
  },
  end: endServed,
};

/** All of them. */
export const DOOR_TARGETS: readonly FuzzTarget[] = [requests, lists];
