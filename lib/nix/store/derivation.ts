/** What a store derivation says of how its outputs come to be there. */
export interface Derivation {
  /** Its content is known beforehand and comes from elsewhere (fixed output): making it is fetching it. */
  readonly fetches: boolean;
  /**
   * It is made where it is needed and never taken from a cache, or not worth it: configuration files,
   * units, links (`allowSubstitutes = false`, `preferLocalBuild`).
   */
  readonly local: boolean;
  /** Derivations that it is made from, and the outputs of each that it needs. */
  readonly inputs: ReadonlyMap<string, readonly string[]>;
}

type Term = string | readonly Term[];

/**
 * Reads the text of a store derivation (an ATerm: Nix manual, "Derivation" under "Protocols").
 * @throws Error when it is none
 */
export function parseDerivation(text: string): Derivation {
  const [outputs, inputs, , , , , environment] = readTerms(text.slice(text.indexOf("(")));
  const env = new Map(pairs(environment));
  // Derivations with structured attributes keep all of them in one.
  const json = env.get("__json") ?? "";
  const says = (name: string, inEnv: string, inJson: string) =>
    env.get(name) === inEnv || json.includes(`"${name}":${inJson}`);
  return {
    // Name, path, algorithm, hash; the hash is empty where the content decides the path afterwards.
    fetches: list(outputs).some((output) => (list(output)[3] ?? "") !== ""),
    local: says("allowSubstitutes", "", "false") || says("preferLocalBuild", "1", "true"),
    inputs: new Map(
      list(inputs).map((input) => {
        const [derivation, names] = list(input);
        return [word(derivation), list(names).map(word)];
      }),
    ),
  };
}

function list(term: Term | undefined): readonly Term[] {
  if (Array.isArray(term)) return term;
  throw new Error("this is no derivation: a list was expected");
}

function word(term: Term | undefined): string {
  if (typeof term === "string") return term;
  throw new Error("this is no derivation: a text was expected");
}

function pairs(term: Term | undefined): [string, string][] {
  return list(term).map((pair) => {
    const [name, value] = list(pair);
    return [word(name), word(value)];
  });
}

/** A text with escapes, or one of the signs between texts. */
const TOKEN = /"((?:[^"\\]|\\[^])*)"|[[\](),]/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The members of the outermost `(…)`. */
function readTerms(text: string): readonly Term[] {
  const open: Term[][] = [[]];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [sign, content] = match;
    const innermost = open.at(-1)!;
    if (content !== undefined) {
      innermost.push(content.replaceAll(/\\([^])/g, (_, letter) => ESCAPES[letter] ?? letter));
    } else if (sign === "(" || sign === "[") open.push([]);
    else if (sign !== ",") {
      open.pop();
      open.at(-1)?.push(innermost);
      if (open.length === 1) return innermost;
    }
  }
  throw new Error("this is no derivation: it ends too early");
}
