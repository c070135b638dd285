/** One program at the Massive-compatible door on a clock that a test moves, with no network. */
import { assertEquals } from "@std/assert";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { MassiveDoor } from "../../../src/edge/massive/massive_door.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { edgeRig, type RigOptions } from "../edge_rig.ts";

/** A socket that a test can fill up. */
export class Socket {
  bufferedAmount = 0;
  readyState = 1;
  /** What is sent stays in the buffer while true. */
  isStalled = false;
  readonly sent: string[] = [];
  closed: number | undefined;
  terminated = 0;
  readonly terminate: (() => void) | undefined;

  constructor(hardened: boolean) {
    this.terminate = hardened ? () => void this.terminated++ : undefined;
  }

  /** Everything sent so far, element by element. */
  get told(): Record<string, unknown>[] {
    return this.sent.flatMap((text) => JSON.parse(text));
  }

  send(text: string): void {
    this.sent.push(text);
    if (this.isStalled) this.bufferedAmount += text.length;
  }

  close(code?: number): void {
    this.closed = code;
  }
}

export interface MassiveSceneOptions extends RigOptions {
  readonly hardened?: boolean;
  readonly principal?: Principal;
  /** Whom every token is of, or how it is judged. */
  readonly authenticate?: Principal | (() => Promise<Principal>);
}

/** The door, one socket at it that is open, and the hands that move both. */
export function massiveScene(options: MassiveSceneOptions = {}) {
  const clock = new ManualClock();
  const given = options.authenticate ?? anonymous("premium");
  const rig = edgeRig({
    ...options,
    clock,
    gate: {
      admit: () => ({ principal: undefined, headers: undefined }),
      authenticate: typeof given === "function" ? given : () => Promise.resolve(given),
    },
  });
  const door = new MassiveDoor(rig.edge.core);
  const socket = new Socket(options.hardened ?? true);
  const handlers = door.handlers(socket, "stocks", options.principal);
  handlers.onOpen();
  const say = async (action: string, params: string) => {
    handlers.onMessage(JSON.stringify({ action, params }));
    await clock.advance(50);
  };
  const end = async () => {
    handlers.onClose();
    door[Symbol.dispose]();
    const drained = rig.edge.drain();
    await clock.advance(5_000);
    await drained;
    assertEquals(clock.pending, 0);
  };
  return { clock, rig, door, socket, handlers, say, end };
}
