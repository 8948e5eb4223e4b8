import { type AttributeSet, type Expression, Special } from "./expression.ts";
import { printExpression } from "./expression_layout.ts";
import { commentLines } from "./nix_string.ts";

/** A NixOS module: a file that others import. */
export interface NixModule {
  /** The head of the file: who wrote it, and whether it may be edited. */
  readonly comment: string;
  /** What the module sets, by option. */
  readonly config: AttributeSet;
}

/**
 * The text of a module file.
 * @throws ToolError exit 6 for a string that Nix cannot hold
 */
export function printModule(module: NixModule): string {
  return [
    ...commentLines(module.comment),
    overrides(module.config) ? "{ lib, ... }:" : "{ ... }:",
    printExpression(module.config),
    "",
  ].join("\n");
}

/** Whether `lib` is named anywhere. */
function overrides(expression: Expression | undefined): boolean {
  if (expression instanceof Special) return expression.form.kind === "override";
  if (typeof expression !== "object" || expression === null) return false;
  return Object.values(expression).some(overrides);
}
