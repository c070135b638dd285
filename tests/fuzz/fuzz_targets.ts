/** Every parser that meets outside bytes. */
import type { FuzzTarget } from "./fuzz_target.ts";
import { CLIENT_TARGETS } from "./targets/client_targets.ts";
import { DOOR_TARGETS } from "./targets/door_targets.ts";
import { IDENTITY_TARGETS } from "./targets/identity_targets.ts";
import { LIST_TARGETS } from "./targets/list_targets.ts";
import { NOTE_TARGETS } from "./targets/note_targets.ts";
import { SERVER_TARGETS } from "./targets/server_targets.ts";
import { UPSTREAM_TARGETS } from "./targets/upstream_targets.ts";

/** All of them. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...CLIENT_TARGETS,
  ...IDENTITY_TARGETS,
  ...DOOR_TARGETS,
  ...UPSTREAM_TARGETS,
  ...LIST_TARGETS,
  ...NOTE_TARGETS,
  ...SERVER_TARGETS,
];
