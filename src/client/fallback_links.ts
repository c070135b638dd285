/** What is not needed to begin with, loaded later: the transports under WebSocket, what its end means, and reading back. */
export { closeDown } from "./close_code.ts";
export { explain } from "./explain.ts";
export { history } from "./history.ts";
export { openPoll } from "./poll_link.ts";
export { openSse } from "./sse_link.ts";
export { expiryOf } from "./token_expiry.ts";
