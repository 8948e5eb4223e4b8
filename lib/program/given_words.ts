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

/**
 * One of the tool's own options that were given beside what does not go with it, as it is typed.
 * @param fitting keys of those that do
 */
export function givenBeside(
  options: OptionTable,
  given: ReadonlySet<string>,
  fitting: readonly string[],
): string | undefined {
  const found = Object.keys(options).find((key) => given.has(key) && !fitting.includes(key));
  return found === undefined ? undefined : optionName(found);
}
