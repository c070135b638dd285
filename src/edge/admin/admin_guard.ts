/**
 * Who may read what operators read, and who may act. Acting always needs `ADMIN_TOKEN`, and is off where none is set;
 * reading is open unless `PRIVATE_STATS`. The comparison takes the same time whatever was presented.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { TickcastError } from "../../feed/error.ts";
import { answerError } from "../report/operational_answer.ts";

/** Longer presented tokens are refused unread. */
export const ADMIN_TOKEN_MAX_CHARS = 1024;

/** The part of the settings this is about. */
export interface GuardSettings {
  readonly adminToken: string | undefined;
  readonly privateStats: boolean;
}

/** Undefined: let through. */
export type Guard = (request: Request) => Response | undefined;

/** Guards of reading and acting. */
export interface AdminGuard {
  readonly mayRead: Guard;
  readonly mayAct: Guard;
}

const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest();

/**
 * Whether two secrets are equal, in a time that tells nothing about either: digests are compared, every byte of them.
 */
export const sameSecret = (presented: string, expected: string): boolean =>
  timingSafeEqual(sha256(presented), sha256(expected));

/** The token in `Authorization: Bearer …`; undefined when there is none of that form. */
export function bearerToken(request: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

/** Builds both guards. */
export function adminGuard(settings: GuardSettings): AdminGuard {
  const checkToken = (request: Request, expected: string): Response | undefined => {
    const presented = bearerToken(request);
    const fits = presented !== undefined && presented.length <= ADMIN_TOKEN_MAX_CHARS &&
      sameSecret(presented, expected);
    if (fits) return undefined;
    const refusal = answerError(
      new TickcastError(
        "UNAUTHORIZED",
        `Cannot answer as the admin token must come as Authorization: Bearer …: current token is ${
          presented === undefined ? "missing" : "wrong"
        }`,
      ),
    );
    refusal.headers.set("www-authenticate", 'Bearer realm="tickcast admin"');
    return refusal;
  };
  const noToken = (what: string) =>
    answerError(
      new TickcastError("FORBIDDEN", `Cannot ${what} as it needs ADMIN_TOKEN: current setting is none`),
    );
  const { adminToken, privateStats } = settings;
  return {
    mayRead: (request) => {
      if (!privateStats) return undefined;
      return adminToken === undefined ? noToken("show statistics") : checkToken(request, adminToken);
    },
    mayAct: (request) => adminToken === undefined ? noToken("act") : checkToken(request, adminToken),
  };
}
