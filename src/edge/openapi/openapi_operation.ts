/** One HTTP operation as a row: what the OpenAPI document and the readable page are both made from. */

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

/** Who may call an operation. */
export type Access = "open" | "client" | "stats" | "admin";

/** A parameter in path or query. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly about: string;
  readonly schema?: Schema;
}

/** One answer. */
export interface Reply {
  readonly about: string;
  /** JSON when left out. */
  readonly type?: string;
  readonly schema?: Schema;
}

/** See the file's head. */
export interface Operation {
  readonly method: "get" | "post" | "delete";
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly group: "Delivery" | "Health" | "Statistics" | "Upstream" | "About";
  readonly summary: string;
  readonly about?: string;
  readonly access: Access;
  readonly parameters?: readonly Parameter[];
  readonly body?: Schema;
  readonly replies: Readonly<Record<string, Reply>>;
}

/** A text of some form. */
export const text = (description: string): Schema => ({ type: "string", description });
/** A number. */
export const number = (description: string): Schema => ({ type: "number", description });
/** A list of texts. */
export const texts = (description: string): Schema => ({
  type: "array",
  items: { type: "string" },
  description,
});
/** An object with these members. */
export const object = (
  properties: Readonly<Record<string, Schema>>,
  required?: readonly string[],
): Schema => ({
  type: "object",
  properties,
  ...required === undefined ? {} : { required },
});
/** An object whose members all have the same form. */
export const tableOf = (value: Schema, description: string): Schema => ({
  type: "object",
  additionalProperties: value,
  description,
});
/** One of a few words. */
export const oneOf = (words: readonly string[], description: string): Schema => ({
  type: "string",
  enum: words,
  description,
});
/** A reference to a schema of the document. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** A path parameter. */
export const inPath = (name: string, about: string): Parameter => ({ name, in: "path", about });
/** A query parameter. */
export const inQuery = (name: string, about: string, schema?: Schema): Parameter => ({
  name,
  in: "query",
  about,
  ...schema === undefined ? {} : { schema },
});
