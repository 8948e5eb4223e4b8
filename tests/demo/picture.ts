/** Pictures of a terminal: captured screens as SVG, whose text stays text. */
import { parseAnsi, type Span } from "./ansi_text.ts";

/** One captured screen with the command line that it is of. */
export interface Frame {
  /** As a person types it. */
  readonly command: string;
  /** The screen with its escape sequences. */
  readonly screen: string;
  /** Whether the command line is shown above it; a later look at the same screen has none. */
  readonly later?: boolean;
}

export interface PictureOptions {
  /** For who cannot see it, and the tooltip. */
  readonly title: string;
  readonly description: string;
  readonly columns: number;
  readonly frames: readonly Frame[];
  /** Parts of a screen that the picture leaves out; a line says so. */
  readonly folds?: readonly Fold[];
}

/** From the line after the one that matches `after` up to the one before the next that matches `before`. */
export interface Fold {
  readonly after: RegExp;
  readonly before: RegExp;
}

/** Pixels. DejaVu Sans Mono and its like are 0.602 of their size wide. */
const FONT_SIZE = 14;
const CELL = { width: 8.43, height: 19 } as const;
const MARGIN = 20;
/** A dark terminal with a frame, so that it stands out from a light page and from a dark one. */
const PAPER = "#16191f";
const FRAME = "#6b7280";
const INK = "#e6e8eb";
const FAINT = "#a3aab5";
/** Contrast with the paper of 7 to 1 and more (WCAG 2.2, 1.4.6). */
const COLOURS = [
  "#a3aab5",
  "#ff9a94",
  "#7ddb8f",
  "#f2d06b",
  "#9fc1ff",
  "#e3b1f4",
  "#78d7e6",
  "#e6e8eb",
];

/** Renders the picture as a complete SVG document. */
export function renderPicture(options: PictureOptions): string {
  const lines = options.frames.flatMap((frame, index) => frameLines(frame, options.folds, index));
  const width = Math.ceil(options.columns * CELL.width + 2 * MARGIN);
  const height = Math.ceil(lines.length * CELL.height + 2 * MARGIN);
  const rows = lines.map((line, row) => renderLine(line, row)).filter((row) => row !== "");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escapeXml(options.title)}</title>
<desc id="description">${escapeXml(options.description)}</desc>
<rect x="1" y="1" width="${width - 2}" height="${
      height - 2
    }" rx="8" fill="${PAPER}" stroke="${FRAME}"/>
<g font-family="'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace" ` +
    `font-size="${FONT_SIZE}" fill="${INK}" xml:space="preserve">
${rows.join("\n")}
</g>
</svg>
`;
}

function frameLines(frame: Frame, folds: readonly Fold[] = [], index: number): Span[][] {
  const gap: Span[][] = index === 0 ? [] : [[]];
  const typed = (text: string, colour: number | undefined, column: number): Span => (
    { text, column, bold: colour === undefined, dim: false, colour }
  );
  const prompt = frame.later ? [] : [[typed("$", undefined, 0), typed(frame.command, 6, 2)]];
  return [...gap, ...prompt, ...foldLines(parseAnsi(frame.screen), folds)];
}

function foldLines(lines: readonly Span[][], folds: readonly Fold[]): Span[][] {
  const kept: Span[][] = [];
  for (let at = 0; at < lines.length; at++) {
    kept.push(lines[at]!);
    const fold = folds.find(({ after }) => after.test(plain(lines[at]!)));
    if (fold === undefined) continue;
    const end = lines.findIndex((line, row) => row > at && fold.before.test(plain(line)));
    if (end < at + 3) continue;
    const text = `⋮ ${end - at - 1} more lines`;
    kept.push([{ text, column: 2, bold: false, dim: true, colour: undefined }]);
    at = end - 1;
  }
  return kept;
}

function plain(line: readonly Span[]): string {
  return line.map(({ text }) => text).join("");
}

function renderLine(line: readonly Span[], row: number): string {
  const y = number(MARGIN + row * CELL.height + FONT_SIZE);
  return line.filter(({ text }) => text.trim() !== "").map((span) => {
    // Each starts at its own column, whatever font is there; blanks before it need no drawing.
    const text = span.text.trimEnd();
    const blanks = text.length - text.trimStart().length;
    const x = number(MARGIN + (span.column + blanks) * CELL.width);
    return `<text x="${x}" y="${y}"${look(span)}>${escapeXml(text.trimStart())}</text>`;
  }).join("");
}

function look({ bold, dim, colour }: Span): string {
  const fill = colour !== undefined ? COLOURS[colour] : dim ? FAINT : undefined;
  return (bold ? ' font-weight="bold"' : "") + (fill === undefined ? "" : ` fill="${fill}"`);
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** XML 1.0: markup, and characters that no document may hold. */
function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex -- they are what is removed
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "").replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
