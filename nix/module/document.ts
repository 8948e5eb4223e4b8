/**
 * Writes the options of the NixOS module into docs/module.md, between its two marks:
 *
 *     deno run -A nix/module/document.ts
 *
 * They come from the module itself, evaluated by Nix; a test fails when the page says otherwise.
 */
import type { Expression } from "../../lib/nix/expressions/expression.ts";
import { printExpression } from "../../lib/nix/expressions/expression_layout.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** The page. */
export const PAGE = `${REPOSITORY}/docs/module.md`;
const BEGIN = "<!-- options: written by nix/module/document.ts -->";
const END = "<!-- end of options -->";

/** An option as document.nix tells it: values, or the text that stands for one. */
interface ModuleOption {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly default: { readonly value: Expression } | { readonly text: string };
  readonly example: { readonly value: Expression } | { readonly text: string };
}

/**
 * The page with its options as the module declares them now.
 * @param page the page as it is
 * @throws Error with Nix's words when the module does not evaluate, or when the page has no marks
 */
export function withOptions(page: string): string {
  const [head, rest] = page.split(BEGIN);
  const [, tail] = rest?.split(END) ?? [];
  if (head === undefined || tail === undefined) throw new Error(`${PAGE} has lost its marks`);
  return `${head}${BEGIN}\n\n${optionsText(moduleOptions())}\n${END}${tail}`;
}

function moduleOptions(): ModuleOption[] {
  const nixpkgs = `${REPOSITORY}/tests/support/nixpkgs`;
  const expression = `import ${REPOSITORY}/nix/module/document.nix { nixpkgs = ${nixpkgs}; }`;
  return JSON.parse(
    run("nix-instantiate", ["--eval", "--strict", "--json", "--expr", expression]),
  );
}

/** A table of all, then what each does; in the format of `deno fmt`. */
function optionsText(options: readonly ModuleOption[]): string {
  const rows = options.map((option) =>
    `| \`${option.name}\` | ${option.type} | ${shown(option.default)} |`
  );
  const sections = options.map((option) =>
    `### \`${option.name}\`\n\n${option.description.trim()}\n\nExample: ${shown(option.example)}\n`
  );
  const table = ["| option | type | default |", "| --- | --- | --- |", ...rows].join("\n");
  return format(`${table}\n\n${sections.join("\n")}`);
}

function shown(value: ModuleOption["default"]): string {
  if ("value" in value) return `\`${printExpression(value.value)}\``;
  // A text that is code has no spaces; the others are words.
  return /\s/.test(value.text) ? value.text : `\`${value.text}\``;
}

function format(text: string): string {
  const file = Deno.makeTempFileSync({ suffix: ".md" });
  try {
    Deno.writeTextFileSync(file, text);
    run(Deno.execPath(), ["fmt", "--quiet", "--config", `${REPOSITORY}/deno.json`, file]);
    return Deno.readTextFileSync(file);
  } finally {
    Deno.removeSync(file);
  }
}

function run(command: string, args: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) Deno.writeTextFileSync(PAGE, withOptions(Deno.readTextFileSync(PAGE)));
