/**
 * Bundling before compiling. One file for all would be parsed as a whole at every start; with code
 * splitting a start parses what it uses. `system-installer --help`, compiled: 46 ms not bundled, 63 ms
 * as one file, 38 ms split; an empty program 25 ms (medians of 40, Deno 2.6.8). Minified it is 2 ms
 * less, and a stack in the report of a bug says nothing.
 */

/** The folder of this tree, with a slash at its end. */
export const REPOSITORY: string = `${Deno.realPathSync(`${import.meta.dirname}/..`)}/`;

/**
 * Bundles scripts, each into a folder of its own below `work`, in parts that are loaded when they are needed.
 * ESBUILD names the esbuild to use where Deno cannot download its own, as in the sandbox of Nix.
 * @param scripts absolute paths by name
 * @returns the paths of the bundled scripts by name
 * @throws Error with the bundler's words
 */
export function bundle(scripts: ReadonlyMap<string, string>, work: string): Map<string, string> {
  return bundleAs(scripts, work, {
    esbuild: ["--splitting", "--format=esm"],
    deno: ["--code-splitting"],
  });
}

/** As {@link bundle}, each as one CommonJS module, whose parts are evaluated when they are needed. */
export function bundleWhole(
  scripts: ReadonlyMap<string, string>,
  work: string,
): Map<string, string> {
  return bundleAs(scripts, work, {
    // import.meta is what a module of that kind has not, and what compiled_code.ts gives it.
    esbuild: ["--format=cjs", "--log-override:empty-import-meta=silent"],
    deno: ["--format=cjs"],
  });
}

function bundleAs(
  scripts: ReadonlyMap<string, string>,
  work: string,
  how: { readonly esbuild: readonly string[]; readonly deno: readonly string[] },
): Map<string, string> {
  const esbuild = Deno.env.get("ESBUILD");
  const modules = esbuild ? nodeModules(work) : undefined;
  const bundled = new Map<string, string>();
  for (const [name, script] of scripts) {
    const folder = `${work}/${name}`;
    if (esbuild && modules) {
      run(esbuild, [
        ...["--bundle", ...how.esbuild, "--platform=node", "--target=esnext"],
        ...["--log-level=warning", `--outdir=${folder}`, script],
      ], { NODE_PATH: modules });
    } else {
      run(Deno.execPath(), [
        ...["bundle", "--quiet", "--frozen", ...how.deno, "--outdir", folder, script],
      ]);
    }
    bundled.set(name, `${folder}/${script.replace(/^.*\//, "").replace(/\.ts$/, ".js")}`);
  }
  return bundled;
}

/** The packages of deno.lock where esbuild finds them, from Deno's cache: nothing is downloaded. */
function nodeModules(work: string): string {
  for (const name of ["deno.json", "deno.lock"]) {
    Deno.copyFileSync(`${REPOSITORY}${name}`, `${work}/${name}`);
  }
  const install = ["install", "--quiet", "--frozen", "--cached-only", "--node-modules-dir=auto"];
  run(Deno.execPath(), install, {}, work);
  return `${work}/node_modules`;
}

function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = REPOSITORY,
): void {
  const { success, stderr } = new Deno.Command(command, {
    args: [...args],
    cwd,
    env: {
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      // Behind a company's proxy the bundler comes with the company's certificate.
      DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "system,mozilla",
      ...env,
    },
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}
