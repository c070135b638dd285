/**
 * What our credentials may do, tried and cleaned up. An edge tries what an edge does, under its own names; ingest tries under a
 * name of its own below KEY_PREFIX, for the lease and the lists may be somebody's who is at work.
 */
import { ORIGIN } from "../../feed/cursor.ts";
import { describeError, TickcastError } from "../../feed/error.ts";
import { encodeEvent } from "../../feed/event_text.ts";
import { silentLog } from "../../feed/log.ts";
import type { Settings } from "../../feed/settings/settings.ts";
import type { FeedStore } from "../../feed/store.ts";
import { keyNames } from "../../store/key_names.ts";
import { openStore } from "../../store/open_store.ts";
import type { RedisTransport } from "../../store/redis/redis_transport.ts";
import type { RedisDeps } from "./check_redis.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { checkCommands } from "./check_commands.ts";
import { checkHints } from "./check_hints.ts";

const { ok, warn, fail } = findingsOf("redis");

/** All of the tries together. */
const TRIES_LIMIT_MS = 15_000;
const CLEAN_UP_LIMIT_MS = 3_000;
const LEASE_MS = 10_000;
/** What can't be deleted by us goes by itself. */
const NOTE_TTL_MS = 5_000;

/** What the append does to its keys, without the channel it publishes to. */
const PUSH_AND_TRIM =
  "redis.call('RPUSH', KEYS[1], ARGV[1]) redis.call('LTRIM', KEYS[1], -1, -1) redis.call('HSET', KEYS[2], 'a', '1') return redis.call('LLEN', KEYS[1])";

type Attempt = (
  what: string,
  act: () => Promise<void>,
  otherwise?: (why: string) => Finding,
) => Promise<boolean>;

/** Tries what a role does. Never rejects. */
export async function checkRights(
  settings: Settings,
  transport: RedisTransport,
  deps: RedisDeps,
): Promise<readonly Finding[]> {
  const { keyPrefix, role } = settings;
  const signal = AbortSignal.any([deps.signal, AbortSignal.timeout(TRIES_LIMIT_MS)]);
  const findings: Finding[] = [];
  const attempt: Attempt = async (what, act, otherwise) => {
    try {
      await act();
      findings.push(ok(what));
      return true;
    } catch (error) {
      const told = error instanceof TickcastError ? error.message : describeError(error);
      const todo = `let the credentials do so on ${keyPrefix}:* (deploy/redis.acl has a user for each role)`;
      findings.push(otherwise?.(told) ?? fail(`can't do: ${what}. ${told}`, todo));
      return false;
    }
  };
  const commands = await checkCommands(role, keyPrefix, transport, signal);
  findings.push(commands);
  // What follows would fail for the same want, and say it less well.
  if (commands.status === "fail") return findings;
  await using store = await openStore(settings.store, { ...deps, log: silentLog, keyPrefix });
  await attempt("reads lists and notes", () => tryReads(store, signal));
  if (role !== "ingest") await tryEdge(store, attempt, signal);
  if (role !== "edge") await tryIngest(settings, transport, deps, attempt, signal);
  findings.push(await checkHints(store, transport, `${keyPrefix}:hint`, role !== "edge", deps));
  return findings;
}

async function tryReads(store: FeedStore, signal: AbortSignal): Promise<void> {
  await store.readTail("tick", 1, signal);
  await store.readLatest("tick", ["trade:AAPL"], signal);
  await store.readNote("plan", signal);
}

/** An edge that may only read serves all the same. */
async function tryEdge(store: FeedStore, attempt: Attempt, signal: AbortSignal): Promise<void> {
  const id = `doctor-${crypto.randomUUID().slice(0, 8)}`;
  const todo = "fine for a token that may only read; else see deploy/redis.acl";
  await attempt(
    "writes an edge's health",
    () => store.writeNote(`health:edge:${id}`, "{}", NOTE_TTL_MS, signal),
    (why) => warn(`an edge's health can't be written: ${why}`, todo),
  );
  await attempt("gives and takes tickets", async () => {
    await store.putTicket(id, "once", NOTE_TTL_MS, signal);
    if (await store.takeTicket(id, signal) !== "once") {
      throw new Error("a ticket that was given is not there");
    }
  }, (why) => warn(`no tickets for event streams: ${why}`, todo));
}

async function tryIngest(
  { store: where, keyPrefix }: Settings,
  transport: RedisTransport,
  deps: RedisDeps,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<void> {
  const prefix = `${keyPrefix}:doctor:${crypto.randomUUID().slice(0, 8)}`;
  const keys = keyNames(prefix);
  await using store = await openStore(where, { ...deps, log: silentLog, keyPrefix: prefix });
  try {
    await attempt("takes the lease and saves a fold", () => tryLease(store, signal));
    const isWhole = await attempt(
      "appends and reads back",
      () => tryAppend(store, deps, signal),
      (why) =>
        warn(
          `the whole append can't be tried: ${why}`,
          "fine with deploy/redis.acl, which names the one channel",
        ),
    );
    if (isWhole) return;
    // Least rights name the hint channel, which an append under another prefix isn't: the rest of it is tried by itself.
    await attempt("runs scripts that push and trim", async () => {
      const script = transport.scriptHeader + PUSH_AND_TRIM;
      await transport.command(["EVAL", script, "2", keys.list("tick"), keys.head("tick"), "x"], signal);
    });
  } finally {
    const all = [
      keys.list("tick"),
      keys.head("tick"),
      keys.last("tick"),
      keys.lease,
      keys.fold("doctor"),
    ] as const;
    await transport.command(["DEL", ...all], AbortSignal.timeout(CLEAN_UP_LIMIT_MS)).catch(() => {});
  }
}

async function tryLease(store: FeedStore, signal: AbortSignal): Promise<void> {
  const lease = await store.takeLease("doctor", 0, LEASE_MS, signal);
  if (lease === undefined) throw new Error("a lease of our own can't be taken");
  await store.saveFold("doctor", lease.fence, new Map([["A", "1"]]), "", signal);
}

async function tryAppend(store: FeedStore, deps: RedisDeps, signal: AbortSignal): Promise<void> {
  const now = deps.clock.now();
  const reply = await store.append({
    list: "tick",
    capEvents: 10,
    fence: (await store.readLease(signal))?.fence ?? 0,
    expected: ORIGIN,
    batch: crypto.randomUUID(),
    bodies: [encodeEvent({ type: "trade", sym: "DOCTOR", t: now, rx: now, price: 1 })],
    pullMs: 250,
  }, signal);
  if (reply.outcome !== "applied") throw new Error(`the append was answered ${reply.outcome}`);
  const { elements } = await store.readTail("tick", 10, signal);
  const latest = await store.readLatest("tick", undefined, signal);
  if (elements.length === 0 || latest.elements.length === 0) {
    throw new Error("what was appended is not there");
  }
}
