import { commonOptions, optionName, type OptionTable } from "./options.ts";
import type { ToolValues } from "./tool.ts";

/**
 * The options of a command line as words again, but for some: for the same tool on another machine.
 * @param except keys of the tables
 */
export function givenWords<T extends OptionTable>(
  options: T,
  values: ToolValues<T>,
  except: readonly string[],
): string[] {
  const table: OptionTable = { ...options, ...commonOptions };
  const all: Readonly<Record<string, unknown>> = values;
  return Object.entries(table).flatMap(([key, spec]) => {
    if (!values.given.has(key) || except.includes(key)) return [];
    const name = optionName(key);
    if (all[key] === false) return [name.replace("--", "--no-")];
    return [spec.kind === "value" ? `${name}=${all[key]}` : name];
  });
}
