/**
 * Keeps one good connection: opens it, comes back after a failure, falls back to the next transport and climbs up again,
 * and notices when a connection that looks open is dead.
 */
import { Alarms } from "./alarms.ts";
import { backoffMs, serverWaitMs } from "./backoff.ts";
import type { ConnectionEvents, ConnectionSettings } from "./connection_settings.ts";
import type { ClientError, Down } from "./failure.ts";
import { Ladder } from "./ladder.ts";
import { loadFallbacks } from "./lazy_link.ts";
import type { Link, LinkContext, Transport } from "./link.ts";
import type { ServerMessage } from "./message.ts";
import { Pulse } from "./pulse.ts";
import type { Status } from "./status.ts";
import * as timing from "./timing.ts";

interface Session {
  readonly transport: Transport;
  readonly rung: number;
  link: Link | undefined;
  heartbeatMs: number;
  isStable: boolean;
}

type Alarm = "wait" | "hello" | "stable" | "drain" | "upgrade" | "probe";

/** See the file's own words. */
export class Connection {
  #status: Status = { state: "idle" };
  #session: Session | undefined;
  #probe: Session | undefined;
  #attempt = 0;
  #base = 0;
  #generation = 0;
  #drainUntil = 0;
  #upgradeMs: number;
  #hasRenewed = false;
  readonly #ladder: Ladder;
  readonly #alarms: Alarms<Alarm>;
  readonly #pulse: Pulse;

  constructor(readonly settings: ConnectionSettings, readonly events: ConnectionEvents) {
    this.#ladder = new Ladder(settings.transports);
    this.#alarms = new Alarms(settings.platform);
    this.#pulse = new Pulse(settings.platform, settings.pingIntervalMs, {
      ping: () => this.#session?.link?.ping(),
      isIdle: () => this.#session?.transport !== "websocket" && settings.context.wants().size === 0,
      onStalled: () => this.#fail("STALLED", "The connection went silent"),
      onRoundTrip: (ms) => events.onRoundTrip(ms),
    });
    this.#upgradeMs = settings.upgradeIntervalMs;
  }

  get status(): Status {
    return this.#status;
  }

  /** Begins, or begins again after the end. */
  start(): void {
    if (this.#session || this.#status.state === "connecting" || this.#status.state === "waiting") return;
    if (this.#status.state === "closed") this.#ladder.settle(0);
    this.#attempt = 0;
    void this.#open();
  }

  /** Ends it; `to` says how it is to be called. */
  stop(to: Status): void {
    this.#teardown();
    this.#setStatus(to);
  }

  /** The wants have changed. */
  update(): void {
    if (this.#status.state === "open") this.#session?.link?.update();
  }

  /** Something happened after which a wait is pointless and an open connection doubtful: waking up, a network's return. */
  nudge(): void {
    if (this.#status.state === "waiting") return void this.#open();
    if (this.#status.state === "open") this.#pulse.nudge(this.#status.transport === "websocket");
  }

  #setStatus(status: Status): void {
    this.#status = status;
    this.events.onStatus(status);
  }

  async #open(): Promise<void> {
    const generation = ++this.#generation;
    const transport = this.#ladder.current;
    this.#alarms.clear("wait");
    this.#setStatus({ state: "connecting", transport, attempt: this.#attempt });
    const token = await this.settings.tokens.get();
    if (generation !== this.#generation) return;
    if (!token) {
      const message = "The token callback failed or took too long";
      return this.#retry({ then: "retry", code: "TOKEN", message }, false);
    }
    this.#session = this.#begin(this.#ladder.rung, token.value);
    const tooLate = () => this.#fail("NETWORK", `No answer over ${transport} in time`);
    this.#alarms.set("hello", timing.HELLO_TIMEOUT_MS, tooLate);
    this.settings.tokens.watch(token.value, () => void this.#renew());
  }

  #begin(rung: number, token: string | undefined): Session {
    const { settings } = this;
    const transport = settings.transports[rung] ?? "poll";
    const heartbeatMs = transport === "poll" ? timing.POLL_HEARTBEAT_MS : timing.HEARTBEAT_MS;
    const session: Session = { transport, rung, link: undefined, heartbeatMs, isStable: false };
    const base = settings.bases[this.#base % settings.bases.length] ?? "";
    const context: LinkContext = { ...settings.context, platform: settings.platform, base, token };
    session.link = settings.openers[transport](context, {
      onMessage: (message) => this.#onMessage(session, message),
      onGarbage: () => session === this.#session && this.events.onGarbage(),
      onDown: (down) => this.#onDown(session, down),
    });
    return session;
  }

  #onMessage(session: Session, message: ServerMessage): void {
    if (session === this.#probe && message.type === "hello") this.#promote(session);
    if (session !== this.#session) return;
    this.#pulse.heard(message.type === "pong");
    if (message.type === "hello") this.#onHello(session, message.heartbeatMs, message.edge);
    if (message.type === "reconnect") this.#onReconnect(message.afterMs);
    this.events.onMessage(message);
  }

  #onHello(session: Session, heartbeatMs: number | undefined, edge: string | undefined): void {
    if (heartbeatMs !== undefined && heartbeatMs >= 1000) session.heartbeatMs = heartbeatMs;
    this.#alarms.clear("hello");
    this.#alarms.set("stable", timing.STABLE_MS, () => {
      session.isStable = true;
      this.#attempt = 0;
      this.#hasRenewed = false;
      this.#ladder.settle();
      // While the server is well: what to do when it isn't may be out of reach by then.
      loadFallbacks().catch(() => {});
    });
    session.link?.update();
    this.#pulse.begin(session.heartbeatMs);
    this.#planUpgrade();
    const { transport } = session;
    const now = this.#status;
    if (now.state !== "open" || now.edge !== edge || now.transport !== transport) {
      this.#setStatus({ state: "open", transport, edge });
    }
  }

  #onReconnect(afterMs: number): void {
    const waitMs = serverWaitMs(afterMs) ?? 0;
    this.#drainUntil = this.settings.platform.now() + waitMs;
    this.#alarms.set("drain", waitMs, () => this.#fail("DRAINING", "The server is going away"));
  }

  #fail(code: string, message: string): void {
    const session = this.#session;
    session?.link?.close();
    if (session) this.#onDown(session, { then: "retry", code, message });
  }

  #onDown(session: Session, down: Down): void {
    if (session === this.#probe) return this.#probeFailed(session);
    if (session !== this.#session) return;
    const wasStable = session.isStable;
    this.#teardown();
    if (down.then === "fatal") return this.#giveUp(down.code, down.message);
    if (down.then === "token") return this.#tokenRefused(down);
    if (down.then === "fallback" && this.#ladder.stepDown()) {
      void this.#open();
      return this.#warn(down);
    }
    this.#retry(down, !wasStable);
  }

  #tokenRefused(down: Down): void {
    if (!this.settings.tokens.canRenew || this.#hasRenewed) return this.#giveUp(down.code, down.message);
    this.#hasRenewed = true;
    void this.#open();
  }

  #retry(down: Down, countsAgainstTransport: boolean): void {
    const { settings } = this;
    const isOffline = settings.platform.page?.isOnline() === false;
    if (!isOffline) this.#attempt++;
    if (this.#attempt > settings.maxAttempts) {
      return this.#giveUp("GAVE_UP", `Gave up after ${settings.maxAttempts} attempts. ${down.message}`);
    }
    if (countsAgainstTransport && !isOffline) this.#ladder.fail();
    this.#base++;
    const asked = down.afterMs ?? Math.max(0, this.#drainUntil - settings.platform.now());
    this.#drainUntil = 0;
    // Offline, trying is in vain; the network's return cuts the wait short.
    const retryInMs = asked ||
      (isOffline
        ? settings.backoffCapMs
        : backoffMs(this.#attempt, settings.platform.random, settings.backoffCapMs));
    const { current: transport } = this.#ladder;
    this.#alarms.set("wait", retryInMs, () => void this.#open());
    // Last, and the state set: who is told may stop it all.
    this.#setStatus({ state: "waiting", transport, attempt: this.#attempt, retryInMs, reason: down.message });
    this.#warn(down);
  }

  #warn({ code, message }: Down): void {
    this.events.onError({ code, message, fatal: false });
  }

  #giveUp(code: string, message: string): void {
    const error: ClientError = { code, message, fatal: true };
    this.stop({ state: "closed", error });
    this.events.onError(error);
  }

  async #renew(): Promise<void> {
    const session = this.#session;
    const token = await this.settings.tokens.get();
    if (!token?.value || session !== this.#session || !session) return;
    this.settings.tokens.watch(token.value, () => void this.#renew());
    if (!session.link?.authenticate(token.value)) this.#fail("AUTH_EXPIRED", "The token is about to expire");
  }

  #planUpgrade(): void {
    if (this.#ladder.rung === 0) return;
    const { random } = this.settings.platform;
    this.#alarms.set("upgrade", this.#upgradeMs * (0.5 + random() / 2), () => void this.#tryUpgrade(0));
  }

  /** Opens a better transport beside the present one, which goes on until the better one has said hello. */
  async #tryUpgrade(rung: number): Promise<void> {
    const generation = this.#generation;
    const token = await this.settings.tokens.get();
    if (generation !== this.#generation || !token || rung >= this.#ladder.rung) return this.#planUpgrade();
    const probe = this.#probe = this.#begin(rung, token.value);
    this.#alarms.set("probe", timing.HELLO_TIMEOUT_MS, () => {
      probe.link?.close();
      this.#probeFailed(probe);
    });
  }

  #probeFailed(probe: Session): void {
    this.#alarms.clear("probe");
    this.#probe = undefined;
    if (probe.rung + 1 < this.#ladder.rung) return void this.#tryUpgrade(probe.rung + 1);
    this.#upgradeMs = Math.min(timing.UPGRADE_CAP_MS, this.#upgradeMs * 2);
    this.#planUpgrade();
  }

  #promote(probe: Session): void {
    this.#alarms.clear("probe", "drain");
    this.#drainUntil = 0;
    this.#session?.link?.close();
    this.#session = probe;
    this.#probe = undefined;
    this.#ladder.settle(probe.rung);
    this.#upgradeMs = this.settings.upgradeIntervalMs;
  }

  #teardown(): void {
    this.#generation++;
    this.#alarms.clearAll();
    this.#pulse.end();
    this.settings.tokens.stop();
    this.#session?.link?.close();
    this.#probe?.link?.close();
    this.#session = this.#probe = undefined;
  }
}
