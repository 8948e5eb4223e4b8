import {
  type AttributeSet,
  type Expression,
  isAttributeSet,
  membersOf,
  Special,
} from "./expression.ts";
import { attributeName, indentedLines, quotedString } from "./nix_string.ts";

/** The width that nixfmt (RFC 166) keeps too. */
const WIDTH = 100;
const STEP = "  ";

/**
 * An expression as Nix text, laid out to be read by people and the same for the same value.
 * @throws ToolError exit 6 for a string that Nix cannot hold
 * @throws TypeError for a number that is not a safe integer
 */
export function printExpression(expression: Expression): string {
  return print(expression, "", 0);
}

/**
 * @param indent the indentation of the line it starts on; further lines get at least that
 * @param column where the text starts, for what shall fit on one line; one more column is left for
 *   the semicolon
 */
function print(expression: Expression, indent: string, column: number): string {
  if (typeof expression === "string") return printString(expression, indent);
  if (typeof expression === "number") return printNumber(expression);
  if (expression === null || typeof expression === "boolean") return String(expression);
  if (expression instanceof Special) return printSpecial(expression, indent, column);
  if (isAttributeSet(expression)) return printSet(expression, indent);
  return printList(expression, indent, column);
}

function printString(text: string, indent: string): string {
  const lines = indentedLines(text);
  if (lines === undefined) return quotedString(text);
  const inner = lines.map((line) => line === "" ? "" : indent + STEP + line);
  return ["''", ...inner, `${indent}''`].join("\n");
}

function printNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a safe integer`);
  return String(value);
}

function printSpecial({ form }: Special, indent: string, column: number): string {
  if (form.kind === "path") return printPath(form.path);
  const head = `lib.mkOverride ${printNumber(form.priority)} `;
  return head + printAtom(form.value, indent, column + head.length);
}

/** In a list or as an argument: what is more than one word needs parentheses. */
function printAtom(expression: Expression, indent: string, column: number): string {
  const text = print(expression, indent, column);
  return isCompound(expression) ? `(${text})` : text;
}

function isCompound(expression: Expression): boolean {
  if (typeof expression === "number") return expression < 0;
  return expression instanceof Special && expression.form.kind === "override";
}

function printPath(path: string): string {
  const clean = path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
  if (clean === "/") return "/.";
  if (clean === "." || clean === "..") return `${clean}/.`;
  if (/^[A-Za-z0-9._+/-]+$/.test(clean)) return clean;
  // What a path literal cannot spell is added to one as a string.
  const base = /^(\.\.?)?\//.exec(clean)![0];
  return `(${base}. + ${quotedString("/" + clean.slice(base.length))})`;
}

function printSet(set: AttributeSet, indent: string): string {
  const members = membersOf(set);
  if (members.length === 0) return "{ }";
  const inner = indent + STEP;
  const lines = members.map(([name, value]) => inner + printMember([name], value, inner));
  return ["{", ...lines, `${indent}}`].join("\n");
}

/** `a.b.c = value;`: sets with a single member need no braces. */
function printMember(names: readonly string[], value: Expression, indent: string): string {
  if (isAttributeSet(value)) {
    const [only, ...more] = membersOf(value);
    if (only !== undefined && more.length === 0) {
      return printMember([...names, only[0]], only[1], indent);
    }
  }
  const head = `${names.map(attributeName).join(".")} = `;
  return `${head}${print(value, indent, indent.length + head.length)};`;
}

function printList(list: readonly Expression[], indent: string, column: number): string {
  if (list.length === 0) return "[ ]";
  const flat = printFlat(list);
  if (flat !== undefined && column + flat.length < WIDTH) return flat;
  const inner = indent + STEP;
  const lines = list.map((item) =>
    inner + (shortSet(item, inner) ?? printAtom(item, inner, inner.length))
  );
  return ["[", ...lines, `${indent}]`].join("\n");
}

/** A set as an item of a list, on one line where it fits. */
function shortSet(item: Expression, indent: string): string | undefined {
  const flat = isAttributeSet(item) ? printFlat(item) : undefined;
  return flat !== undefined && indent.length + flat.length < WIDTH ? flat : undefined;
}

/** An expression on one line; undefined for what has several lines or nested sets. */
function printFlat(expression: Expression): string | undefined {
  if (Array.isArray(expression)) {
    const items = expression.map((item) => isAttributeSet(item) ? undefined : printFlat(item));
    return items.includes(undefined) ? undefined : ["[", ...items, "]"].join(" ");
  }
  if (isAttributeSet(expression)) {
    const members = membersOf(expression);
    if (members.length === 0) return "{ }";
    if (members.some(([, value]) => isAttributeSet(value))) return undefined;
    const texts = members.map(([name, value]) => {
      const text = printFlat(value);
      return text === undefined ? undefined : `${attributeName(name)} = ${text};`;
    });
    return texts.includes(undefined) ? undefined : ["{", ...texts, "}"].join(" ");
  }
  const text = printAtom(expression, "", 0);
  return text.includes("\n") ? undefined : text;
}
