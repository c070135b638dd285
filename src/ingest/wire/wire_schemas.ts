/**
 * The upstream's elements as zod schemas. They judge what the quick checks of `normalise.ts` refused, and say which field
 * was wrong in a bounded set of reasons; the two agree (`tests/ingest/wire/normalise_test.ts`).
 */
import { z } from "zod";
import { readTime } from "./exact_numbers.ts";
import { KIND_CHECKS, type ShapeRules, WIRE_RULES } from "./wire_rules.ts";
import { readSymbol } from "./wire_symbol.ts";

/** The schema of one shape; unmapped fields pass. */
function schemaOf(rules: ShapeRules): z.ZodType {
  const shape: Record<string, z.ZodType> = {
    [rules.shape.symbolField]: z.custom((value) => readSymbol(value, rules.market) !== undefined),
    [rules.shape.timeField]: z.custom((value) => readTime(value) !== undefined),
  };
  for (const { wire, kind, required } of rules.fields) {
    const check = z.custom((value) => KIND_CHECKS[kind](value));
    shape[wire] = required ? check : check.nullish();
  }
  const element = z.looseObject(shape);
  if (rules.windowMs === undefined) return element;
  return element.refine((bar) => Number(bar["h"]) >= Number(bar["l"]), { path: ["h"] });
}

const SCHEMAS: ReadonlyMap<ShapeRules, z.ZodType> = new Map(
  Object.values(WIRE_RULES).flatMap((rules) => [...rules.values()]).map((rules) => [rules, schemaOf(rules)]),
);

/** Why an element is refused, as `bad T.p`; undefined when the schema finds nothing wrong. */
export function refusalReason(rules: ShapeRules, element: unknown): string | undefined {
  const outcome = SCHEMAS.get(rules)?.safeParse(element);
  if (outcome?.success !== false) return undefined;
  const field = outcome.error.issues[0]?.path[0];
  return `bad ${rules.shape.ev}${field === undefined ? "" : `.${String(field)}`}`;
}

/** A status element as the wire has it. */
export const StatusElement = z.looseObject({ status: z.string(), message: z.string().optional() });
