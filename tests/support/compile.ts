/**
 * Compiles a tool once per test process, where the environment offers a Deno and the runtime that fits
 * it (DENO_COMPILE, DENORT_BIN). What is written can be given to HYPERVISOR_TEST_EXECUTABLES.
 */
import { compileHere, toolScripts } from "../../nix/compile.ts";

/** Whether tools can be compiled here; says so once when not. */
export const canCompile: boolean = Deno.env.get("DENO_COMPILE") !== undefined &&
  Deno.env.get("DENORT_BIN") !== undefined;

if (!canCompile) {
  const text =
    "SKIPPING: DENO_COMPILE and DENORT_BIN are not set: compiled executables are not tested\n";
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

const compiled = new Map<string, Promise<string>>();
let folder: string | undefined;

/**
 * @param tool a tool's name, or the absolute path of a script
 * @returns the executable's path; it goes away with the test process
 */
export function compileTool(tool: string): Promise<string> {
  let path = compiled.get(tool);
  if (path === undefined) {
    path = compile(tool);
    compiled.set(tool, path);
  }
  return path;
}

async function compile(tool: string): Promise<string> {
  if (folder === undefined) {
    const made = Deno.makeTempDirSync({ prefix: "compiled-" });
    // Also for tests that run it as another user.
    Deno.chmodSync(made, 0o755);
    folder = made;
    globalThis.addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));
  }
  const name = tool.replace(/^.*\//, "").replace(/\.ts$/, "");
  const scripts = tool.startsWith("/") ? new Map([[name, tool]]) : toolScripts([name]);
  const say = (line: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  const { problem } = await compileHere(scripts, folder, say);
  if (problem !== undefined) throw new Error(`${name}: ${problem}`);
  return `${folder}/${name}`;
}
