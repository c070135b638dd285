/**
 * A token sent in a message is verified at once, for the one before it may end while commands wait. Where it gives the same
 * rights for longer, that holds from then on; what it changes of rights, and the answer, have their turn among the commands.
 * So one with other rights comes too late if the token before it ends meanwhile.
 */
import { areSame } from "./pattern_sets.ts";
import type { Principal } from "../admit/principal.ts";
import type { Session } from "./session.ts";

/** Verifies a token for a client that is known. Whoever awaits it may do so late. */
export function verifyAhead(session: Session, token: string): Promise<Principal> {
  const verified = verify(session, token);
  // Of a client that has left it is awaited by nobody.
  verified.catch(() => {});
  return verified;
}

async function verify(session: Session, token: string): Promise<Principal> {
  const principal = await session.core.gate.authenticate(token);
  const before = session.principal;
  if (before !== undefined && haveSameRights(before, principal)) session.identify(principal);
  return principal;
}

const haveSameRights = (one: Principal, other: Principal): boolean =>
  one.subject === other.subject && one.tier === other.tier && areSameNames(one.streams, other.streams) &&
  (one.symbols === undefined || other.symbols === undefined
    ? one.symbols === other.symbols
    : areSame(one.symbols, other.symbols));

const areSameNames = (some?: ReadonlySet<string>, others?: ReadonlySet<string>): boolean =>
  some === undefined || others === undefined
    ? some === others
    : some.size === others.size && some.isSubsetOf(others);
