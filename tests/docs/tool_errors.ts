/** The failures that the sources can report, read from the sources: so that no page forgets one. */

/** One place that makes a failure. */
export interface MadeError {
  /** `lib/machine/lock.ts:23` */
  readonly place: string;
  /** The messages written there, `…` for what is filled in; none where it hands on another's. */
  readonly messages: readonly string[];
  readonly hasHint: boolean;
}

/** `new ToolError(…)` and its like, and the local functions that make one of a message and a hint. */
const MAKERS =
  /\bnew (?:ToolError|QuestionCancelled)\(|^\s*(?:if \(.*\) )?(?:refuse|block)\(|\breturn \[?\s*refusal\(|\bthrow none\(|^ *\? refusal\(|^ +refusal\(/gm;

/** Every place below the folders that makes a ToolError. */
export function madeErrors(repository: string, folders: readonly string[]): MadeError[] {
  return folders.flatMap((folder) => sources(`${repository}/${folder}`)).flatMap((path) => {
    const text = Deno.readTextFileSync(path);
    return [...text.matchAll(MAKERS)].map((match) => {
      const open = match.index + match[0].length - 1;
      const args = splitArguments(text.slice(open + 1, closing(text, open)));
      const line = text.slice(0, open).split("\n").length;
      return {
        place: `${path.slice(repository.length + 1)}:${line}`,
        messages: literals(args[0] ?? ""),
        hasHint: match[0].startsWith("new ")
          ? /\bhint\b/.test(args[1] ?? "")
          : (args[1] ?? "") !== "",
      };
    });
  });
}

function sources(folder: string): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? sources(path) : path.endsWith(".ts") ? [path] : [];
  });
}

/** Where the bracket at `open` is closed; strings and templates are skipped. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text[at]!;
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character) && --depth === 0) return at;
    else if (`"'\``.includes(character)) at = endOfText(text, at);
  }
  return text.length;
}

/** Where the string or template that begins at `start` ends. */
function endOfText(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at;
    else if (quote === "`" && text.startsWith("${", at)) at = closing(text, at + 1);
  }
  return text.length;
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if ("([{".includes(character)) at = closing(text, at);
    else if (`"'\``.includes(character)) at = endOfText(text, at);
    else if (character === ",") {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, text.slice(start).trim()].filter((part) => part !== "");
}

/** The texts of an expression: those joined by + are one, the two of a choice are two. */
function literals(expression: string): string[] {
  const found: string[] = [];
  let joined = false;
  for (let at = 0; at < expression.length; at++) {
    const character = expression[at]!;
    if (character === "+") joined = true;
    else if ("([{".includes(character)) at = closing(expression, at);
    else if (`"'\``.includes(character)) {
      const end = endOfText(expression, at);
      const text = plain(expression.slice(at + 1, end));
      if (joined) found.push((found.pop() ?? "") + text);
      else found.push(text);
      joined = false;
      at = end;
    }
  }
  return found.filter((text) => /\p{L}{3}/u.test(text));
}

function plain(text: string): string {
  let shown = "";
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith("${", at)) {
      shown += "…";
      at = closing(text, at + 1);
    } else if (text[at] === "\\") shown += text[++at];
    else shown += text[at];
  }
  return shown.replaceAll(/…[…]+/g, "…");
}
