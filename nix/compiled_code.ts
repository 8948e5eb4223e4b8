/**
 * V8's compiled code of a tool, packed into its executable. Half of the CPU time of a start and of a small
 * sync is V8 compiling the same functions again and again. Deno would keep compiled code in the temporary
 * folder, where another user could plant some.
 */
import { bundleWhole } from "./bundle.ts";

/** What `deno compile` is given for a tool. */
export interface Program {
  /** The module that starts it. */
  readonly main: string;
  /** Files that are packed beside it. */
  readonly files: readonly string[];
}

/**
 * Compiles a module to `output` with the runtime of an executable for this machine.
 * @throws Error with the compiler's words
 */
export type Compiler = (main: string, output: string, v8Flags: readonly string[]) => Promise<void>;

/**
 * Where V8's `SerializedCodeData` names what made it (a magic number, hashes of the version, of the source
 * and of the flags, 32 bits each; src/snapshot/code-serializer.h). Only the flags' hash differs below.
 */
const CODE_IDENTITY = 16;

/**
 * Makes programs of tools that are packed with their compiled code.
 * @param scripts absolute paths by name, each of which begins with `if (import.meta.main) main(…)`
 * @param folder for what is made
 * @param compile of the runtime that the code is for, which is run here
 * @returns by name
 * @throws Error when the runtime does not start, or does not take the code
 */
export async function withCompiledCode(
  scripts: ReadonlyMap<string, string>,
  folder: string,
  compile: Compiler,
): Promise<Map<string, Program>> {
  Deno.mkdirSync(folder, { recursive: true });
  const [maker, eager] = [`${folder}/code-maker`, `${folder}/code-maker-eager`];
  await compile(`${import.meta.dirname}/code_maker.js`, maker, []);
  // As it is set when a tool runs, V8 compiles a function when it is first called.
  await compile(`${import.meta.dirname}/code_maker.js`, eager, ["--no-lazy"]);
  const programs = new Map<string, Program>();
  for (const [name, bundled] of bundleWhole(scripts, folder)) {
    const own = `${folder}/${name}`;
    const [main, script, code] = [`${own}/${name}.js`, `${own}/script`, `${own}/code`];
    const text = scriptOf(Deno.readTextFileSync(bundled));
    Deno.copyFileSync(`${import.meta.dirname}/launcher.js`, main);
    Deno.writeTextFileSync(script, text);
    await run(maker, ["make", script, code]);
    const identity = Deno.readFileSync(code).subarray(0, CODE_IDENTITY);
    await run(eager, ["make", script, code]);
    const whole = Deno.readFileSync(code);
    whole.set(identity);
    Deno.writeFileSync(code, whole);
    await run(maker, ["try", script, code]);
    programs.set(name, { main, files: [script, code] });
  }
  return programs;
}

const WEB = "const { setTimeout, clearTimeout, setInterval, clearInterval, performance } = web;";

/** A bundle as a function that launcher.js gives what a CommonJS module has. */
function scriptOf(bundle: string): string {
  const [meta, isMain] = ["var import_meta = {};", "var import_meta = { main: true };"];
  if (bundle.split(meta).length !== 2) throw new Error("the bundle does not say how it starts");
  // One character of another alphabet, and V8 keeps all of them in two bytes.
  const ascii = bundle.replace(meta, isMain)
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  // A script has no import() of its own.
  const body = ascii.replaceAll('import("node:', 'load("node:');
  return `(function (require, module, load, web) {\n${WEB}\n${body}\n})`;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim();
  throw new Error(reason === "" ? "the runtime does not take compiled code" : reason);
}
