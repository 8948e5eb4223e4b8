import { MARK_HEAD } from "./printable.ts";

/** How styles and signs become text. */
export interface Rendering {
  readonly colour: boolean;
  /** Words for signs: for screen readers and terminals that cannot draw. */
  readonly plain: boolean;
}

/** What each mark becomes. */
const marks = new Map<string, (how: Rendering) => string>();

/** A mark of this run, which no text from outside can hold. */
function newMark(render: (how: Rendering) => string): string {
  const mark = MARK_HEAD + String.fromCodePoint(0xF0000 + marks.size);
  marks.set(mark, render);
  return mark;
}

/** An ANSI SGR sequence (ECMA-48 8.3.117), or nothing. */
function sequence(code: number): string {
  return newMark(({ colour }) => colour ? `\x1b[${code}m` : "");
}

const RESET = sequence(0);

function wrap(code: number): (text: string) => string {
  const head = sequence(code);
  return (text) => head + text + RESET;
}

/**
 * Styles as marks inside a text. Text is escaped first and coloured last: the one writer turns a mark
 * into a terminal sequence, or drops it when colour is off. Meaning never depends on a style. They do not
 * nest.
 */
export const style = {
  bold: wrap(1),
  dim: wrap(2),
  red: wrap(31),
  green: wrap(32),
  yellow: wrap(33),
  cyan: wrap(36),
} as const;

/** A sign of one column, and the word that plain mode reads instead. */
function symbol(drawn: string, word: string): string {
  return newMark(({ plain }) => plain ? word : drawn);
}

/** Signs as marks, told apart by their shape. */
export const sign = {
  pass: symbol("✓", "ok:"),
  warn: symbol("!", "warning:"),
  fail: symbol("✗", "failed:"),
  skip: symbol("–", "-"),
  item: symbol("·", "-"),
  leads: symbol("→", "to"),
  next: symbol("→", "next:"),
  heading: symbol("──", "Section:"),
} as const;

const MARK = new RegExp(MARK_HEAD + "[\\u{F0000}-\\u{F001F}]", "gu");
/** Symbols without colour: what a log file holds, and what widths are counted by. */
const UNSTYLED: Rendering = { colour: false, plain: false };

/** Replaces marks by what they become. */
export function renderStyles(text: string, how: Rendering = UNSTYLED): string {
  return text.replace(MARK, (mark) => marks.get(mark)?.(how) ?? "");
}

/** The number of columns a marked text takes, counting every code point but marks as one. */
export function visibleWidth(text: string): number {
  return [...renderStyles(text)].length;
}
