/**
 * Compiles a tool once per test process, where the environment offers a Deno and the runtime that fits
 * it (DENO_COMPILE, DENORT_BIN). What is written can be given to HYPERVISOR_TEST_EXECUTABLES.
 */

const compiler: string | undefined = Deno.env.get("DENO_COMPILE");

/** Whether tools can be compiled here; says so once when not. */
export const canCompile: boolean = compiler !== undefined &&
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
  if (compiler === undefined) throw new Error("DENO_COMPILE is not set");
  if (folder === undefined) {
    const made = Deno.makeTempDirSync({ prefix: "compiled-" });
    // Also for tests that run it as another user.
    Deno.chmodSync(made, 0o755);
    folder = made;
    globalThis.addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));
  }
  const script = tool.startsWith("/")
    ? tool
    : new URL(`../../cmd/${tool}.ts`, import.meta.url).pathname;
  const name = script.replace(/^.*\//, "").replace(/\.ts$/, "");
  const output = `${folder}/${name}`;
  const { success, stderr } = await new Deno.Command(compiler, {
    // Without a code cache, which another user could plant in the temporary folder.
    args: ["compile", "-A", "--no-check", "--no-code-cache", "--cached-only", "-q", "-o", output, script],
    cwd: new URL("../..", import.meta.url).pathname,
  }).output();
  if (!success) throw new Error(`deno compile ${name}: ${new TextDecoder().decode(stderr)}`);
  return output;
}
