import * as v from "valibot";
import { attempt } from "./attempt.ts";

/** A JSON text of this form; undefined for anything else. */
export function parsedAs<T>(schema: v.GenericSchema<unknown, T>, text: string): T | undefined {
  const parsed = v.safeParse(schema, attempt(() => JSON.parse(text)));
  return parsed.success ? parsed.output : undefined;
}
