/** Files held to the JSON schema of their format, as its authors publish it (`fixtures/schemas/`). */
import { Ajv } from "ajv";

/** Says what is wrong with `value` by a schema of `fixtures/schemas`: a line a fault, none when it is valid. */
export async function schemaFaults(schemaFile: string, value: unknown): Promise<readonly string[]> {
  const url = new URL(`../../fixtures/schemas/${schemaFile}`, import.meta.url);
  // The dialect is draft 7 in both, spelled in ways the validator doesn't know.
  const { $schema: _dialect, ...schema } = JSON.parse(await Deno.readTextFile(url));
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath || "/"} ${message ?? ""} ${JSON.stringify(params)}`
  );
}
