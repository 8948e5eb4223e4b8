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

/** The order in which people write them. */
const ARGUMENT_ORDER = ["config", "lib", "pkgs"];

/**
 * The text of a module file. Its arguments are those that it refers to.
 * @throws ToolError exit 6 for a string that Nix cannot hold
 */
export function printModule(module: NixModule): string {
  const imports = module.imports?.length ? { imports: module.imports } : {};
  const body: AttributeSet = { ...imports, ...module.config };
  const used = [...new Set(referencedNames(body))].sort((a, b) => rank(a) - rank(b));
  return [
    ...commentLines(module.comment),
    `{ ${[...used, "..."].join(", ")} }:`,
    printExpression(body),
    "",
  ].join("\n");
}

function rank(name: string): number {
  const index = ARGUMENT_ORDER.indexOf(name);
  return index === -1 ? ARGUMENT_ORDER.length : index;
}

/** The first names of all references, `builtins` aside. */
function referencedNames(expression: Expression | undefined): string[] {
  if (expression === undefined) return [];
  if (Array.isArray(expression)) return expression.flatMap(referencedNames);
  if (expression instanceof Special) {
    const { form } = expression;
    if (form.kind === "path") return [];
    if (form.kind === "comment") return referencedNames(form.value);
    const head = (form.kind === "call" ? form.callee : form.path).split(".")[0]!;
    const inArgs = form.kind === "call" ? form.args.flatMap(referencedNames) : [];
    return head === "builtins" ? inArgs : [head, ...inArgs];
  }
  if (expression !== null && typeof expression === "object" && isAttributeSet(expression)) {
    return Object.values(expression).flatMap(referencedNames);
  }
  return [];
}
