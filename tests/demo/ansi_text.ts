/** A run of characters of one look. */
export interface Span {
  readonly text: string;
  /** The column of its first character, from 0. */
  readonly column: number;
  readonly bold: boolean;
  readonly dim: boolean;
  /** One of the eight colours of ECMA-48 8.3.117 by number; undefined for the terminal's own. */
  readonly colour: number | undefined;
}

interface Look {
  bold: boolean;
  dim: boolean;
  colour: number | undefined;
}

/** Control sequences (ECMA-48 5.4), and the two-character escapes that tmux writes around line drawing. */
// deno-lint-ignore no-control-regex -- escape is what sequences begin with
const SEQUENCE = /\x1b\[([0-9;:]*)([@-~])|\x1b[ -/]*[0-~]/g;

/**
 * Parses a captured screen (`tmux capture-pane -e`): its lines, each as spans. Looks go on from line to
 * line, as on a terminal. What is no text and no look is dropped.
 */
export function parseAnsi(screen: string): Span[][] {
  const look: Look = { bold: false, dim: false, colour: undefined };
  return screen.split("\n").map((line) => parseLine(line, look));
}

function parseLine(line: string, look: Look): Span[] {
  const spans: Span[] = [];
  let column = 0;
  const add = (text: string) => {
    // deno-lint-ignore no-control-regex -- what no terminal would show
    const shown = text.replace(/[\x00-\x1f\x7f]/g, "");
    if (shown === "") return;
    spans.push({ text: shown, column, ...look });
    column += [...shown].length;
  };
  let from = 0;
  for (const found of line.matchAll(SEQUENCE)) {
    add(line.slice(from, found.index));
    from = found.index + found[0].length;
    if (found[2] === "m") apply(look, found[1] ?? "");
  }
  add(line.slice(from));
  return spans;
}

/** Select Graphic Rendition: what the toolkit uses; the rest changes nothing. */
function apply(look: Look, parameters: string): void {
  for (const code of parameters.split(";").map((word) => Number(word || "0"))) {
    if (code === 0) Object.assign(look, { bold: false, dim: false, colour: undefined });
    else if (code === 1) look.bold = true;
    else if (code === 2) look.dim = true;
    else if (code === 22) look.bold = look.dim = false;
    else if (code >= 30 && code <= 37) look.colour = code - 30;
    else if (code === 39) look.colour = undefined;
  }
}
