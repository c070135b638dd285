/** What the tests of the connection share. */
import { Connection } from "../../src/client/connection.ts";
import type { ConnectionSettings } from "../../src/client/connection_settings.ts";
import type { ClientError } from "../../src/client/failure.ts";
import type { Platform } from "../../src/client/platform.ts";
import type { Status } from "../../src/client/status.ts";
import { TokenKeeper, type TokenSource } from "../../src/client/token_keeper.ts";
import { ManualClock, settle } from "../support/manual_clock.ts";
import { FakeLinks, manualPlatform } from "./fake_platform.ts";

/** A connection on a clock that stands still, with links whose other ends the test holds. */
export interface Rig extends Disposable {
  readonly clock: ManualClock;
  readonly links: FakeLinks;
  readonly connection: Connection;
  readonly statuses: Status[];
  readonly errors: ClientError[];
}

/** A rig; links open at once and say nothing by themselves. */
export function aRig(
  over: Partial<ConnectionSettings> = {},
  platform: Partial<Platform> = {},
  token?: TokenSource,
): Rig {
  const clock = new ManualClock();
  const links = new FakeLinks();
  const statuses: Status[] = [];
  const errors: ClientError[] = [];
  const surroundings = manualPlatform(clock, platform);
  const connection = new Connection({
    platform: surroundings,
    bases: ["http://a", "http://b"],
    transports: ["websocket", "sse", "poll"],
    openers: links.openers,
    tokens: new TokenKeeper(token, surroundings),
    maxAttempts: 5,
    backoffCapMs: 30_000,
    pingIntervalMs: 30_000,
    upgradeIntervalMs: 30_000,
    context: {
      wants: () =>
        new Map([["tick", {
          symbols: ["*"],
          mode: "all",
          maxHz: undefined,
          fields: undefined,
          snapshot: false,
        }]]),
      cursorOf: () => "",
      pollIntervalMs: 1000,
    },
    ...over,
  }, {
    onMessage() {},
    onGarbage() {},
    onRoundTrip() {},
    onStatus: (status) => statuses.push(status),
    onError: (error) => errors.push(error),
  });
  const rig = { clock, links, connection, statuses, errors };
  return { ...rig, [Symbol.dispose]: () => connection.stop({ state: "closed", error: undefined }) };
}

/** A failure to come back after. */
export const retry = { then: "retry", code: "NETWORK", message: "gone" } as const;
/** What it said it was, in order. */
export const states = ({ statuses }: Rig) => statuses.map(({ state }) => state);

/** Starts it and lets its first link say hello. */
export async function opened(rig: Rig): Promise<void> {
  rig.connection.start();
  await settle();
  rig.links.last.hello();
}

/** Lets the wait between two tries pass, and no more. */
export async function nextTry({ clock, connection }: Rig): Promise<void> {
  await settle();
  for (let n = 0; n < 400 && connection.status.state === "waiting"; n++) await clock.advance(100);
  await settle();
}
