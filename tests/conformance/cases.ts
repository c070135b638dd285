/**
 * The conformance kit: what any edge must do for its clients (`docs/protocol.md`), against any base URL where the `tick`
 * stream is moving. Nothing here knows how the server is built.
 */
import type { Case } from "./case.ts";
import { FOLLOWING_CASES } from "./following_cases.ts";
import { HTTP_CASES } from "./http_cases.ts";
import { SHAPING_CASES } from "./shaping_cases.ts";
import { SOCKET_CASES } from "./socket_cases.ts";

/** Every case. */
export const CASES: readonly Case[] = [
  ...FOLLOWING_CASES,
  ...SHAPING_CASES,
  ...SOCKET_CASES,
  ...HTTP_CASES,
];
