import { type AttributeSet, type Expression, isAttributeSet, Special } from "./expression.ts";
import { printExpression } from "./expression_layout.ts";
import { commentLines } from "./nix_string.ts";

/** A NixOS module: a file that others import. */
export interface NixModule {
  /** The head of the file: who wrote it, and whether it may be edited. */
  readonly comment: string;
  readonly imports?: readonly Expression[];
  /** What the module sets, by option. */
  readonly config: AttributeSet;
}

/**
 * The text of a module file. Its arguments are those whose functions it calls.
 * @throws ToolError exit 6 for a string that Nix cannot hold
 */
export function printModule(module: NixModule): string {
  const imports = module.imports?.length ? { imports: module.imports } : {};
  const body: AttributeSet = { ...imports, ...module.config };
  const used = [...new Set(calledNames(body))].sort();
  return [
    ...commentLines(module.comment),
    `{ ${[...used, "..."].join(", ")} }:`,
    printExpression(body),
    "",
  ].join("\n");
}

/** The first names of all functions that are called, `builtins` aside. */
function calledNames(expression: Expression | undefined): string[] {
  if (expression === undefined) return [];
  if (Array.isArray(expression)) return expression.flatMap(calledNames);
  if (expression instanceof Special) {
    if (expression.form.kind === "path") return [];
    const { callee, args } = expression.form;
    const head = callee.split(".")[0]!;
    return [...(head === "builtins" ? [] : [head]), ...args.flatMap(calledNames)];
  }
  if (expression !== null && typeof expression === "object" && isAttributeSet(expression)) {
    return Object.values(expression).flatMap(calledNames);
  }
  return [];
}
