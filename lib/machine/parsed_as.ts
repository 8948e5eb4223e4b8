import * as v from "valibot";
import { attempt } from "./attempt.ts";

/** A JSON text of this form; undefined for anything else. */
export function parsedAs<T>(schema: v.GenericSchema<unknown, T>, text: string): T | undefined {
  const parsed = v.safeParse(schema, attempt(() => JSON.parse(text)));
  return parsed.success ? parsed.output : undefined;
}

/** What is wrong with a value that does not have a form, in one line: `Invalid type: …, at version`. */
export function problemOf(
  issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
): string {
  return v.summarize([issues[0]]).replace(/^× /, "").replace(/\s*\n\s*→ /g, ", ");
}
