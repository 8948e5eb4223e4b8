import { MARK_HEAD } from "./printable.ts";

/** A mark of this run, which no text from outside can hold. */
function mark(code: number): string {
  return MARK_HEAD + String.fromCodePoint(code);
}

/**
 * Styles as marks inside a text. Text is escaped first and coloured last: the one writer turns a mark
 * into a terminal sequence, or drops it when colour is off. Meaning never depends on a style.
 */
const MARKS = {
  reset: [mark(0xF0000), "\x1b[0m"],
  bold: [mark(0xF0001), "\x1b[1m"],
  dim: [mark(0xF0002), "\x1b[2m"],
  red: [mark(0xF0003), "\x1b[31m"],
  green: [mark(0xF0004), "\x1b[32m"],
  yellow: [mark(0xF0005), "\x1b[33m"],
  blue: [mark(0xF0006), "\x1b[34m"],
  cyan: [mark(0xF0007), "\x1b[36m"],
} as const;

type StyleName = Exclude<keyof typeof MARKS, "reset">;

/** Signs of one column, told apart by their shape, and the words that plain mode reads instead. */
const SIGNS = {
  pass: [mark(0xF0010), "✓", "ok:"],
  warn: [mark(0xF0011), "!", "warning:"],
  fail: [mark(0xF0012), "✗", "failed:"],
  skip: [mark(0xF0013), "–", "-"],
  item: [mark(0xF0014), "·", "-"],
  leads: [mark(0xF0015), "→", "to"],
  next: [mark(0xF0016), "→", "next:"],
  heading: [mark(0xF0017), "──", "Section:"],
} as const;

/** How styles and signs become text. */
export interface Rendering {
  readonly colour: boolean;
  /** Words for signs: for screen readers and terminals that cannot draw. */
  readonly plain: boolean;
}

function wrap(name: StyleName): (text: string) => string {
  return (text) => MARKS[name][0] + text + MARKS.reset[0];
}

/** Marks a text; see the writer for what becomes of it. Styles do not nest. */
export const style: Readonly<Record<StyleName, (text: string) => string>> = {
  bold: wrap("bold"),
  dim: wrap("dim"),
  red: wrap("red"),
  green: wrap("green"),
  yellow: wrap("yellow"),
  blue: wrap("blue"),
  cyan: wrap("cyan"),
};

/** Signs, as marks that the one writer turns into a symbol or, in plain mode, a word. */
export const sign: Readonly<Record<keyof typeof SIGNS, string>> = {
  pass: SIGNS.pass[0],
  warn: SIGNS.warn[0],
  fail: SIGNS.fail[0],
  skip: SIGNS.skip[0],
  item: SIGNS.item[0],
  leads: SIGNS.leads[0],
  next: SIGNS.next[0],
  heading: SIGNS.heading[0],
};

const SEQUENCES = new Map<string, string>(Object.values(MARKS));
const SYMBOLS = new Map<string, string>(
  Object.values(SIGNS).map(([mark, symbol]) => [mark, symbol]),
);
const WORDS = new Map<string, string>(Object.values(SIGNS).map(([mark, , word]) => [mark, word]));

const MARK = new RegExp(MARK_HEAD + "[\\u{F0000}-\\u{F001F}]", "gu");

/** Replaces style marks by ANSI SGR sequences (ECMA-48 8.3.117) or nothing, and signs by their text. */
export function renderStyles(text: string, { colour, plain }: Rendering = UNSTYLED): string {
  return text
    .replace(MARK, (mark) => {
      const sequence = SEQUENCES.get(mark);
      return sequence === undefined
        ? (plain ? WORDS : SYMBOLS).get(mark) ?? ""
        : colour
        ? sequence
        : "";
    });
}

/** Symbols without colour: what a log file holds, and what widths are counted by. */
const UNSTYLED: Rendering = { colour: false, plain: false };

/** The number of columns a marked text takes, counting every code point but marks as one. */
export function visibleWidth(text: string): number {
  return [...renderStyles(text)].length;
}
