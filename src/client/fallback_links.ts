/** What most clients never need, loaded when it is: the transports under WebSocket, and reading back. */
export { history } from "./history.ts";
export { openPoll } from "./poll_link.ts";
export { openSse } from "./sse_link.ts";
