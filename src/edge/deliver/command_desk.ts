/**
 * What a client says on a WebSocket, taken one after the other: a command that waits (for a first read, a token) holds up
 * those behind it, never another client. Everything is bounded: what is said a second, what waits to be carried out, and what
 * waits to be read of the answers ({@link "./reply_room.ts"}). Nothing a client says can throw.
 */
import { comparePositions, parseCursor } from "../../feed/cursor.ts";
import { describeError, publicError, TickcastError } from "../../feed/error.ts";
import { type ClientCommand, readCommand, type RequestId } from "./client_commands.ts";
import { wantedUnder } from "../admit/auth_rights.ts";
import { intervalOf } from "./join_streams.ts";
import type { Principal } from "../admit/principal.ts";
import { selectionKey } from "../follow/wanted.ts";
import * as say from "./server_messages.ts";
import type { Session } from "./session.ts";
import type { ShapeAsk } from "./subscription_ask.ts";
import { whenRoom } from "./reply_room.ts";
import { reshape, subscribe, unsubscribe } from "./subscribe.ts";
import { requestOf, type SubscriptionRequest, withinStreams } from "./subscription_request.ts";
import { verifyAhead } from "./token_renewal.ts";
import { UrlCursor } from "./url_cursor.ts";
import { MessageAllowance, textBytes } from "../admit/message_allowance.ts";

/** Commands a client may have waiting. */
const WAITING_MAX = 64;
/** After so many messages refused for coming too fast the client is a flood. */
const REFUSED_MAX = 1000;

/** What of the URL holds for the whole connection. */
export interface ConnectionDefaults {
  /** Streams meant where a command names none. */
  readonly streams: readonly string[] | undefined;
  /** Subscribed to at once where the URL names symbols. */
  readonly request: SubscriptionRequest | undefined;
  /** What the URL says of shape, for streams that are not followed. */
  readonly shape: ShapeAsk | undefined;
  /** What it says of the cursor, for streams that never were. */
  readonly cursor: string | undefined;
  /** What is wrong with the URL's query; told once the client is known. */
  readonly fault: TickcastError | undefined;
}

/** See the file comment. */
export class CommandDesk {
  readonly #session: Session;
  readonly #defaults: ConnectionDefaults;
  readonly #cursor: UrlCursor | undefined;
  #allowance: MessageAllowance | undefined;
  #refused = 0;
  #waiting = 0;

  constructor(session: Session, defaults: ConnectionDefaults) {
    this.#session = session;
    this.#defaults = defaults;
    this.#cursor = defaults.cursor === undefined ? undefined : new UrlCursor(defaults.cursor);
  }

  /** The client is known: what its URL asked for begins. */
  begin(): void {
    const first = this.#first();
    if (first !== undefined) this.#enqueue(undefined, first);
  }

  /** Tells what is wrong with the URL; what it asked for, if anything. */
  #first(): (() => Promise<void>) | undefined {
    const { streams, request, fault } = this.#defaults;
    if (fault !== undefined) this.#fault(fault, undefined);
    if (request === undefined) return undefined;
    return () => this.#subscribe(streams === undefined ? withinStreams(request, this.#known()) : request);
  }

  /** One text message. */
  receive(text: string): void {
    if (!this.#admits(textBytes(text, this.#session.core.settings.messageMaxBytes))) return;
    const read = readCommand(text);
    if (read.ok) return this.#carryOut(read.command);
    this.#fault(read.error, read.id);
  }

  /** A message that is no text, of so many bytes: refused, and within the same bounds. */
  receiveBinary(bytes: number): void {
    if (!this.#admits(bytes)) return;
    this.#fault(new TickcastError("BAD_REQUEST", "Cannot take a message as it must be text"), undefined);
  }

  /** Whether a message is within what a socket may send; refuses it if not. */
  #admits(bytes: number): boolean {
    const { clock, settings } = this.#session.core;
    const nowMs = clock.monotonic();
    this.#allowance ??= new MessageAllowance(settings, nowMs);
    const over = this.#allowance.take(bytes, nowMs);
    if (over !== undefined) this.#refuseFlood(over);
    else if (bytes > settings.messageMaxBytes) this.#refuseLarge(bytes);
    else return true;
    return false;
  }

  #carryOut(command: ClientCommand): void {
    switch (command.action) {
      case "subscribe": {
        const request = requestOf(command, this.#defaults.streams ?? []);
        return this.#enqueue(command.id, () => this.#subscribe(this.#withDefaults(request)));
      }
      case "unsubscribe":
        return this.#enqueue(command.id, () => {
          unsubscribe(this.#session, this.#known(), command, this.#defaults.streams ?? this.#followed());
        });
      case "auth":
        return this.#takeToken(command.token, command.id);
      case "ping":
        return this.#pong(command.id, command.cursor);
    }
  }

  #followed(): readonly string[] {
    return [...this.#session.followers()].map(({ feed }) => feed.spec.name);
  }

  #known(): Principal {
    const { principal } = this.#session;
    if (principal !== undefined) return principal;
    throw new TickcastError("UNAUTHORIZED", "Cannot do this as the connection has not authenticated yet");
  }

  /** The URL's own words hold where the first subscription of a stream says nothing. */
  #withDefaults(request: SubscriptionRequest): SubscriptionRequest {
    const { shape } = this.#defaults;
    const { mode, maxHz, fields } = request.shape;
    return {
      ...request,
      cursor: request.cursor ?? this.#cursor?.of(request.streams),
      firstShape: {
        mode: mode ?? shape?.mode,
        maxHz: maxHz === undefined ? shape?.maxHz : maxHz,
        fields: fields === undefined ? shape?.fields : fields,
      },
    };
  }

  async #subscribe(request: SubscriptionRequest): Promise<void> {
    await subscribe(this.#session, this.#known(), request);
    this.#cursor?.serve(this.#followed());
  }

  #takeToken(token: string, id: RequestId | undefined): void {
    const session = this.#session;
    if (this.#refusesMore(id)) return;
    const verified = session.principal && verifyAhead(session, token);
    this.#enqueue(id, () => this.#authenticate(verified ?? session.core.gate.authenticate(token), id));
  }

  async #authenticate(verified: Promise<Principal>, id: RequestId | undefined): Promise<void> {
    const session = this.#session;
    const wasUnknown = session.principal === undefined;
    let principal: Principal;
    try {
      principal = await verified;
      session.identify(principal);
    } catch (error) {
      this.#fault(error, id);
      if (wasUnknown) {
        session.close(error instanceof TickcastError ? error.closeCode : 4501, "not authenticated");
      }
      return;
    }
    session.say(say.authenticated(principal.expiresAtMs, id));
    // In the token's own turn: a command behind it would take the streams that the URL has a cursor for.
    if (wasUnknown) await this.#first()?.().catch((error) => this.#fault(error, undefined));
    else this.#applyRights(principal);
  }

  /** A new token may allow other streams, other symbols, or another pace. */
  #applyRights(principal: Principal): void {
    const session = this.#session;
    for (const follower of [...session.followers()]) {
      const { feed, selection } = follower;
      const { name } = feed.spec;
      const wanted = wantedUnder(selection.wanted, name, principal);
      if (wanted === undefined) session.letGo(name);
      else if (selectionKey(wanted, intervalOf(session.core, feed, wanted, principal)) !== selection.key) {
        reshape(session, follower, wanted, principal);
      }
      if (wanted?.patterns === selection.wanted.patterns) continue;
      const what = wanted === undefined ? name : `some symbols of ${name}`;
      const message = `Cannot follow ${what} any more as the new token does not allow it`;
      session.say(say.fault("FORBIDDEN", message, undefined));
    }
  }

  #pong(id: RequestId | undefined, cursor: string | undefined): void {
    const { core } = this.#session;
    try {
      const lag = cursor === undefined ? undefined : this.#lagOf(cursor);
      this.#session.say(say.pong(this.#session.cursor(), core.states(), core.clock.now(), id, lag));
    } catch (error) {
      this.#fault(error, id);
    }
  }

  /** List positions between a client's own cursor and what was handed over to it; null when they can't be compared. */
  #lagOf(text: string): number | null {
    const cursor = parseCursor(text);
    let lag = 0;
    for (const { feed, cursor: given } of this.#session.followers()) {
      const positions = feed.positionsOf(given);
      for (const [n, list] of feed.log.lists.entries()) {
        const theirs = cursor.get(list);
        const ours = positions[n];
        if (theirs === undefined || ours === undefined) continue;
        if (theirs.epoch !== ours.epoch) return null;
        if (comparePositions(theirs, ours) < 0) lag += ours.seq - theirs.seq;
      }
    }
    return lag;
  }

  #enqueue(id: RequestId | undefined, work: () => void | Promise<void>): void {
    if (this.#refusesMore(id)) return;
    this.#waiting++;
    this.#session.turns.run(async () => {
      try {
        const room = whenRoom(this.#session);
        if (room !== undefined) await room;
        if (!this.#session.isClosed) await work();
      } catch (error) {
        this.#fault(error, id);
      } finally {
        this.#waiting--;
      }
    });
  }

  #refusesMore(id: RequestId | undefined): boolean {
    if (this.#waiting < WAITING_MAX) return false;
    this.#fault(new TickcastError("RATE_LIMITED", "Cannot take a command as too many wait already"), id);
    return true;
  }

  #fault(error: unknown, id: RequestId | undefined): void {
    if (this.#session.isClosed) return;
    const { code, message } = publicError(error);
    if (code === "INTERNAL") {
      this.#session.core.log.error("ws_error", { client: this.#session.id, error: describeError(error) });
    }
    const { counters } = this.#session.core;
    if (code === "TOO_LARGE") counters.limit("message_size");
    if (code === "TOO_MANY_SYMBOLS") counters.limit("symbols");
    counters.drop(`client_${code.toLowerCase()}`);
    this.#session.say(say.fault(code, message, id));
  }

  #refuseLarge(bytes: number): void {
    const { messageMaxBytes } = this.#session.core.settings;
    const message =
      `Cannot take a message as it must be at most ${messageMaxBytes} bytes: current length is ${bytes}`;
    this.#fault(new TickcastError("TOO_LARGE", message), undefined);
    if (bytes > 4 * messageMaxBytes) this.#session.close(4504, "message too large");
  }

  #refuseFlood(over: "messages" | "bytes"): void {
    const { counters, settings } = this.#session.core;
    this.#refused++;
    counters.drop("client_rate_limited");
    counters.limit(over);
    if (this.#refused === 1) {
      const most = over === "messages" ? settings.messagesPerSecond : settings.bytesPerSecond;
      const message = `Cannot take so many ${over} as there may be ${most} a second`;
      this.#session.say(say.fault("RATE_LIMITED", message, undefined));
    } else if (this.#refused > REFUSED_MAX) this.#session.close(4003, "flood");
  }
}
