/** The OpenAPI 3.1 document of the HTTP side, made from the table of operations. */
import { DELIVERY_OPERATIONS } from "./openapi_delivery.ts";
import { OPERATIONAL_OPERATIONS } from "./openapi_operational.ts";
import type { Access, Operation, Parameter, Reply, Schema } from "./openapi_operation.ts";
import { SCHEMAS } from "./openapi_schemas.ts";

/** Every operation, in the order they are shown. */
export const OPERATIONS: readonly Operation[] = [...DELIVERY_OPERATIONS, ...OPERATIONAL_OPERATIONS];

/** Who may call what, in words. */
export const ACCESS_WORDS: Readonly<Record<Access, string>> = {
  open: "Open to all.",
  client: "Open with AUTH_MODE=none, else with a token.",
  stats: "Open unless PRIVATE_STATS=true, then with the admin token.",
  admin: "Needs the admin token; 403 where none is set.",
};

const SECURITY: Readonly<Record<Access, readonly Schema[]>> = {
  open: [],
  client: [{}, { token: [] }, { cookie: [] }],
  stats: [{}, { admin: [] }],
  admin: [{ admin: [] }],
};

/** The document as an object. */
export function openapiDocument(version: string): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const operation of OPERATIONS) {
    (paths[operation.path] ??= {})[operation.method] = operationObject(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "tickcast",
      version,
      description:
        "Market data over WebSocket, server-sent events and polls. The socket protocol is in /asyncapi.json and docs/protocol.md.",
    },
    tags: [...new Set(OPERATIONS.map(({ group }) => group))].map((name) => ({ name })),
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        cookie: { type: "apiKey", in: "cookie", name: "tickcast_token" },
        admin: { type: "http", scheme: "bearer", description: "ADMIN_TOKEN" },
      },
    },
  };
}

function operationObject(operation: Operation): Schema {
  const { method, path, group, summary, about, access, parameters, body, replies } = operation;
  return {
    operationId: `${method}${path.replace(/[^a-zA-Z]+(.?)/g, (_, next: string) => next.toUpperCase())}`,
    tags: [group],
    summary,
    description: about === undefined ? ACCESS_WORDS[access] : `${about} ${ACCESS_WORDS[access]}`,
    security: SECURITY[access],
    ...parameters === undefined ? {} : { parameters: parameters.map(parameterObject) },
    ...body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body } } } },
    responses: {
      ...Object.fromEntries(
        Object.entries(replies).map(([status, reply]) => [status, replyObject(status, reply)]),
      ),
      default: replyObject("default", { about: "Refused" }),
    },
  };
}

const parameterObject = ({ name, in: place, about, schema }: Parameter): Schema => ({
  name,
  in: place,
  description: about,
  ...place === "path" ? { required: true } : {},
  schema: schema ?? { type: "string" },
});

function replyObject(status: string, { about, type, schema }: Reply): Schema {
  const isError = status === "default" || Number(status) >= 400;
  if (type !== undefined) return { description: about, content: { [type]: { schema: { type: "string" } } } };
  const shape = schema ?? (isError ? { $ref: "#/components/schemas/Error" } : undefined);
  return {
    description: about,
    ...shape === undefined ? {} : { content: { "application/json": { schema: shape } } },
  };
}
