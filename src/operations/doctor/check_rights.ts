/** What our credentials may do, tried under a name of our own below KEY_PREFIX, and cleaned up. */
import { ORIGIN } from "../../feed/cursor.ts";
import { encodeEvent } from "../../feed/event_text.ts";
import { describeError, TickcastError } from "../../feed/error.ts";
import { silentLog } from "../../feed/log.ts";
import type { Role, StoreSettings } from "../../feed/settings/settings.ts";
import type { FeedStore } from "../../feed/store.ts";
import { keyNames } from "../../store/key_names.ts";
import { openStore } from "../../store/open_store.ts";
import type { RedisTransport } from "../../store/redis_transport.ts";
import type { RedisDeps } from "./check_redis.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warn, fail } = findingsOf("redis");

/** All of the tries together. */
const TRIES_LIMIT_MS = 15_000;
/** A hint may take so long. */
const HINT_LIMIT_MS = 3_000;
/** How often the try is repeated until the subscription hears it. */
const HINT_RETRY_MS = 100;
const LEASE_MS = 10_000;
const NOTE_TTL_MS = 60_000;

/** Tries what a role does. Never rejects. */
export async function checkRights(
  settings: StoreSettings,
  keyPrefix: string,
  role: Role,
  transport: RedisTransport,
  deps: RedisDeps,
): Promise<readonly Finding[]> {
  const prefix = `${keyPrefix}:doctor:${crypto.randomUUID().slice(0, 8)}`;
  const stop = AbortSignal.any([deps.signal, AbortSignal.timeout(TRIES_LIMIT_MS)]);
  await using store = await openStore(settings, { ...deps, log: silentLog, keyPrefix: prefix });
  const findings: Finding[] = [];
  const attempt = async (what: string, act: () => Promise<void>) => {
    try {
      await act();
      findings.push(ok(what));
    } catch (error) {
      const told = error instanceof TickcastError ? error.message : describeError(error);
      findings.push(fail(`can't do: ${what}. ${told}`, `let the credentials do so on keys ${keyPrefix}:*`));
    }
  };
  try {
    await attempt("reads and writes notes", () => tryNotes(store, stop));
    await attempt("gives and takes tickets", () => tryTickets(store, stop));
    await attempt("queues commands for ingest", () => store.sendCommand("{}", stop));
    if (role !== "edge") {
      await attempt("takes the lease, appends, reads back", () => tryAppend(store, deps, stop));
    }
    findings.push(await tryHints(store, deps, stop, role !== "edge"));
  } finally {
    await cleanUp(transport, prefix);
  }
  return findings;
}

async function tryNotes(store: FeedStore, signal: AbortSignal): Promise<void> {
  await store.writeNote("doctor", "well", NOTE_TTL_MS, signal);
  if (await store.readNote("doctor", signal) !== "well") {
    throw new Error("a note that was written is not there");
  }
  await store.deleteNote("doctor", signal);
}

async function tryTickets(store: FeedStore, signal: AbortSignal): Promise<void> {
  await store.putTicket("doctor", "once", NOTE_TTL_MS, signal);
  if (await store.takeTicket("doctor", signal) !== "once") {
    throw new Error("a ticket that was given is not there");
  }
}

/** One event into a list of the doctor's own. */
async function appendOne(store: FeedStore, deps: RedisDeps, signal: AbortSignal): Promise<void> {
  const lease = await store.readLease(signal);
  const taken = await store.takeLease("doctor", lease?.fence ?? 0, LEASE_MS, signal);
  if (taken === undefined) throw new Error("the lease is somebody else's");
  const head = (await store.readTail("tick", 0, signal)).head;
  const now = deps.clock.now();
  const event = { type: "trade" as const, sym: "DOCTOR", t: now, rx: now, price: 1 };
  const reply = await store.append({
    list: "tick",
    capEvents: 10,
    fence: taken.fence,
    expected: head ?? ORIGIN,
    batch: crypto.randomUUID(),
    bodies: [encodeEvent(event)],
    pullMs: 250,
  }, signal);
  if (reply.outcome !== "applied") throw new Error(`the append was answered ${reply.outcome}`);
}

async function tryAppend(store: FeedStore, deps: RedisDeps, signal: AbortSignal): Promise<void> {
  await appendOne(store, deps, signal);
  const { elements } = await store.readTail("tick", 10, signal);
  const latest = await store.readLatest("tick", undefined, signal);
  if (elements.length === 0 || latest.elements.length === 0) {
    throw new Error("what was appended is not there");
  }
  await store.saveFold(
    "doctor",
    (await store.readLease(signal))?.fence ?? 0,
    new Map([["A", "1"]]),
    "",
    signal,
  );
}

/** Without hints everything works, later by up to a pull interval. */
async function tryHints(
  store: FeedStore,
  deps: RedisDeps,
  signal: AbortSignal,
  mayAppend: boolean,
): Promise<Finding> {
  const heard = new AbortController();
  const over = AbortSignal.any([signal, heard.signal, AbortSignal.timeout(HINT_LIMIT_MS)]);
  let hints = 0;
  const listening = (async () => {
    for await (const _hint of store.hints(over)) {
      hints++;
      heard.abort();
    }
  })().catch(() => {});
  if (!mayAppend) {
    // An edge never publishes: that the subscription holds for a moment is all that can be seen.
    const held = await Promise.race([
      listening.then(() => false),
      deps.clock.sleep(HINT_RETRY_MS * 5).then(() => true),
    ]);
    heard.abort();
    await listening;
    return held
      ? ok("subscribes to hints")
      : warn("hints can't be subscribed to", "allow SUBSCRIBE on the channel");
  }
  const startMs = deps.clock.monotonic();
  while (!over.aborted) {
    await appendOne(store, deps, over).catch(() => {});
    await deps.clock.sleep(HINT_RETRY_MS, over).catch(() => {});
  }
  await listening;
  return hints > 0
    ? ok(`hears hints (the first after ${Math.round(deps.clock.monotonic() - startMs)} ms)`)
    : warn(
      "hints don't arrive: clients wait for the next pull",
      "allow PUBLISH and SUBSCRIBE on the channel",
    );
}

async function cleanUp(transport: RedisTransport, prefix: string): Promise<void> {
  const keys = keyNames(prefix);
  const all = [
    keys.list("tick"),
    keys.head("tick"),
    keys.last("tick"),
    keys.lease,
    keys.fold("doctor"),
    keys.control,
  ];
  const limit = AbortSignal.timeout(HINT_LIMIT_MS);
  await transport.command(["DEL", ...all, keys.note("doctor"), keys.ticket("doctor")], limit).catch(() => {});
}
