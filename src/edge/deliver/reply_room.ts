/**
 * Room for an answer: with more than the soft bound waiting for its peer a session carries out no further command. It goes on
 * once the peer has read, or is given up for not reading; so no run of commands, however large their answers, grows memory.
 */
import type { Session } from "./session.ts";

/** Looked for again after so long. */
const LOOK_MS = 20;

/** Resolves once there is room, and rejects when the session ends before; undefined: there is. */
export function whenRoom(session: Session): Promise<void> | undefined {
  return hasRoom(session) ? undefined : wait(session);
}

const hasRoom = (session: Session): boolean => session.buffered() <= session.core.slowLimits.softBytes;

async function wait(session: Session): Promise<void> {
  while (!hasRoom(session)) await session.core.clock.sleep(LOOK_MS, session.signal);
}
