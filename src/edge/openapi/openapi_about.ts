/** Operations that describe the service. */
import type { Operation } from "./openapi_operation.ts";

/** See the file's head. */
export const ABOUT_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/openapi.json",
    group: "About",
    summary: "This description, for programs",
    access: "open",
    replies: { "200": { about: "OpenAPI 3.1" } },
  },
  {
    method: "get",
    path: "/asyncapi.json",
    group: "About",
    summary: "What is said on a socket, for programs",
    access: "open",
    replies: { "200": { about: "AsyncAPI 3.0" } },
  },
  {
    method: "get",
    path: "/docs",
    group: "About",
    summary: "This description, for people",
    access: "open",
    replies: { "200": { about: "A page", type: "text/html" } },
  },
];
