/**
 * Keeps one good connection: opens it, comes back after a failure, falls back to the next transport and climbs up again,
 * and notices when a connection that looks open is dead.
 */
import { Alarms } from "./alarms.ts";
import { backoffMs, serverWaitMs } from "./backoff.ts";
import type { ConnectionEvents, ConnectionSettings } from "./connection_settings.ts";
import type { ClientError, Down } from "./failure.ts";
import { Ladder } from "./ladder.ts";
import type { Link, LinkContext, Transport } from "./link.ts";
import type { ServerMessage } from "./message.ts";
import type { Status } from "./status.ts";
import * as timing from "./timing.ts";

interface Session {
  readonly transport: Transport;
  readonly rung: number;
  link: Link | undefined;
  heartbeatMs: number;
  isStable: boolean;
}

type Alarm = "wait" | "hello" | "stable" | "watch" | "ping" | "nudge" | "drain" | "upgrade" | "probe";

/** See the file's own words. */
export class Connection {
  #status: Status = { state: "idle" };
  #session: Session | undefined;
  #probe: Session | undefined;
  #attempt = 0;
  #base = 0;
  #generation = 0;
  #lastHeard = 0;
  #lastWatch = 0;
  #drainUntil = 0;
  #pingedAt = 0;
  #upgradeMs: number;
  #hasRenewed = false;
  readonly #ladder: Ladder;
  readonly #alarms: Alarms<Alarm>;

  constructor(readonly settings: ConnectionSettings, readonly events: ConnectionEvents) {
    this.#ladder = new Ladder(settings.transports);
    this.#alarms = new Alarms(settings.platform);
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
    if (this.#status.state !== "open") return;
    this.#sendPing();
    if (this.#isSilentFor(this.#session?.heartbeatMs ?? 0)) return this.#stalled();
    if (this.#session?.transport === "websocket") {
      this.#alarms.set("nudge", timing.NUDGE_TIMEOUT_MS, () => this.#stalled());
    }
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
      return this.#retry({ then: "retry", code: "TOKEN", message: "The token callback failed" }, true);
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
    this.#lastHeard = this.settings.platform.now();
    this.#alarms.clear("nudge");
    if (message.type === "hello") this.#onHello(session, message.heartbeatMs, message.edge);
    if (message.type === "reconnect") this.#onReconnect(message.afterMs);
    if (message.type === "pong") this.events.onRoundTrip(this.#lastHeard - this.#pingedAt);
    this.events.onMessage(message);
  }

  #onHello(session: Session, heartbeatMs: number | undefined, edge: string | undefined): void {
    if (heartbeatMs !== undefined && heartbeatMs >= 1000) session.heartbeatMs = heartbeatMs;
    this.#alarms.clear("hello");
    this.#hasRenewed = false;
    session.link?.update();
    if (
      this.#status.state !== "open" || this.#status.edge !== edge ||
      this.#status.transport !== session.transport
    ) {
      this.#setStatus({ state: "open", transport: session.transport, edge });
    }
    this.#alarms.set("stable", timing.STABLE_MS, () => {
      session.isStable = true;
      this.#attempt = 0;
      this.#ladder.settle();
    });
    this.#lastWatch = this.settings.platform.now();
    this.#watch(session);
    this.#ping();
    this.#planUpgrade();
  }

  #onReconnect(afterMs: number): void {
    const waitMs = serverWaitMs(afterMs) ?? 0;
    this.#drainUntil = this.settings.platform.now() + waitMs;
    this.#alarms.set("drain", waitMs, () => this.#fail("DRAINING", "The server is going away"));
  }

  /** The first at once: it measures the round trip. */
  #ping(): void {
    this.#sendPing();
    this.#alarms.set("ping", this.settings.pingIntervalMs, () => this.#ping());
  }

  #sendPing(): void {
    this.#pingedAt = this.settings.platform.now();
    this.#session?.link?.ping();
  }

  /** Looks in on the connection: silence past the heartbeat is death, and a jump in time is a sleep just ended. */
  #watch(session: Session): void {
    const everyMs = session.heartbeatMs / 3;
    this.#alarms.set("watch", everyMs, () => {
      const now = this.settings.platform.now();
      const slept = now - this.#lastWatch > everyMs * 3;
      this.#lastWatch = now;
      const idle = session.transport !== "websocket" && this.settings.context.wants().size === 0;
      if (!idle && this.#isSilentFor(session.heartbeatMs * 1.5)) return this.#stalled();
      this.#watch(session);
      if (slept && !idle) this.nudge();
    });
  }

  #isSilentFor(ms: number): boolean {
    return this.settings.platform.now() - this.#lastHeard > ms;
  }

  #stalled(): void {
    this.#fail("STALLED", "The connection went silent");
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
      this.#warn(down);
      return void this.#open();
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
    this.#warn(down);
    const asked = down.afterMs ?? Math.max(0, this.#drainUntil - settings.platform.now());
    this.#drainUntil = 0;
    const retryInMs = asked > 0
      ? asked
      : backoffMs(Math.max(1, this.#attempt), settings.platform.random, settings.backoffCapMs);
    const { current: transport } = this.#ladder;
    this.#alarms.set("wait", retryInMs, () => void this.#open());
    this.#setStatus({ state: "waiting", transport, attempt: this.#attempt, retryInMs, reason: down.message });
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
    this.#alarms.clear("probe");
    this.#session?.link?.close();
    this.#session = probe;
    this.#probe = undefined;
    this.#ladder.settle(probe.rung);
    this.#upgradeMs = this.settings.upgradeIntervalMs;
  }

  #teardown(): void {
    this.#generation++;
    this.#alarms.clearAll();
    this.settings.tokens.stop();
    this.#session?.link?.close();
    this.#probe?.link?.close();
    this.#session = this.#probe = undefined;
  }
}
