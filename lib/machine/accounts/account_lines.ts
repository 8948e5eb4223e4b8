import { attempt } from "../attempt.ts";
import type { Context } from "../context.ts";
import { readMachineFile } from "../files/machine_files.ts";
import { counted } from "../../layout/counted.ts";
import { printableLine } from "../../layout/printable.ts";

/** Tens of thousands of accounts; everything looks at each of them. Bytes. */
const LARGEST = 4 * 1024 * 1024;

/** One well-formed line of an account file. */
export interface AccountLine {
  /** From 1. */
  readonly line: number;
  readonly name: string;
  /** All fields; the first is the name. */
  readonly fields: readonly string[];
}

/** An account file as read; what could not be used is in `warnings`, by line number. */
export interface AccountLines {
  readonly kind: "read" | "absent" | "unreadable";
  /** The well-formed lines by name, in the file's order. */
  readonly lines: ReadonlyMap<string, AccountLine>;
  /** Sentences that name file and line. Never hold a field's content but the name. */
  readonly warnings: readonly string[];
  /** Names of lines that were skipped; of one with two lines, also in `lines`. */
  readonly skipped: ReadonlySet<string>;
}

/**
 * Reads a colon-separated account file: passwd(5), group(5), shadow(5), gshadow(5). Never throws:
 * a line that is not well-formed is skipped with a warning. Of two lines with one name the first
 * counts, as for the C library. NIS lines (`+`, `-`, `+@group`: nsswitch.conf(5), compat) and comments
 * declare no account of this machine and are passed over.
 * @param check what is wrong with a line of the right length, or undefined
 */
export function readAccountLines(
  ctx: Pick<Context, "root">,
  path: string,
  fieldCount: number,
  check: (fields: readonly string[]) => string | undefined = () => undefined,
): AccountLines {
  const content = readMachineFile(ctx, path, LARGEST);
  const lines = new Map<string, AccountLine>();
  const warnings: string[] = [];
  const skipped = new Set<string>();
  if (content.kind === "unreadable") warnings.push(`${path} cannot be read: ${content.reason}`);
  if (content.kind !== "read") return { kind: content.kind, lines, warnings, skipped };

  const texts = latin1(content.bytes).split("\n");
  let carriageReturns = 0;
  for (const [index, raw] of texts.entries()) {
    if (raw.endsWith("\r")) carriageReturns++;
    const text = decode(raw.replace(/\r$/, ""));
    if (text.trim() === "" || /^[#+-]/.test(text)) continue;
    const fields = text.split(":");
    const name = fields[0]!;
    const first = lines.get(name);
    const problem = fields.length !== fieldCount
      ? `${counted(fields.length, "field")} instead of ${fieldCount}`
      : nameProblem(name) ?? check(fields) ??
        (first && `"${name}" is already on line ${first.line}`);
    if (problem === undefined) {
      lines.set(name, { line: index + 1, name, fields });
      continue;
    }
    skipped.add(name);
    warnings.push(`${path} line ${index + 1}: ${printableLine(problem)}; the entry is skipped`);
  }
  if (carriageReturns > 0) {
    warnings.push(`${path} has Windows line ends on ${carriageReturns} lines; they are left out`);
  }
  return { kind: "read", lines, warnings, skipped };
}

/** Bytes as one character each, so that a text can be given back byte for byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return text;
}

/** UTF-8 where it is, Latin-1 otherwise: old machines have both in one file. */
export function decode(raw: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(raw)) return raw;
  const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
  return attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)) ?? raw;
}

/** A number of passwd(5) and group(5): 32 bits, where the last one means "none" (chown(2)). */
export function parseId(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id < 0xffff_ffff ? id : undefined;
}

/** Names become file names (passwords/NAME) and words on the screen. */
function nameProblem(name: string): string | undefined {
  if (name === "") return "the name is empty";
  // deno-lint-ignore no-control-regex
  const unusable = name === "." || name === ".." || /[/,\x00-\x1f\x7f-\x9f]/.test(name);
  return unusable ? `"${name}" cannot be the name of an account` : undefined;
}
