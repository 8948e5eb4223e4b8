/**
 * The hash of the npm packages that deno.lock pins, as Nix computes it (see npm_dependencies.nix).
 * Run after every change of deno.lock; needs the network, Deno and Nix:
 *
 *     deno run -A nix/npm_dependencies.ts
 */
const HERE = `${import.meta.dirname}/`;
const RECORD = `${HERE}npm_dependencies.json`;

/**
 * Brings the `npm` folder of a DENO_DIR into the form that is hashed: without `registry.json` files,
 * which say when they were downloaded, and without folders that are empty then.
 */
export function stripNpmFolder(folder: string): void {
  for (const entry of [...Deno.readDirSync(folder)]) {
    const path = `${folder}/${entry.name}`;
    if (entry.name === "registry.json") Deno.removeSync(path);
    else if (entry.isDirectory) stripNpmFolder(path);
  }
  if ([...Deno.readDirSync(folder)].length === 0) Deno.removeSync(folder);
}

/** The SHA-256 of a folder's Nix archive, as `sha256-…`. Throws Error with Nix's words. */
export function nixHash(folder: string): string {
  return execute("nix", ["--extra-experimental-features", "nix-command", "hash", "path", folder], {
    cwd: "/",
  }).trim();
}

/** The hash that npm_dependencies.nix expects. */
export function recordedHash(): string {
  return JSON.parse(Deno.readTextFileSync(RECORD)).hash;
}

/** Downloads what deno.lock names into a folder of its own, and returns its hash. */
function downloadedHash(): string {
  const work = Deno.makeTempDirSync();
  try {
    for (const name of ["deno.json", "deno.lock"]) {
      Deno.copyFileSync(`${HERE}../${name}`, `${work}/${name}`);
    }
    execute(Deno.execPath(), ["install", "--frozen"], {
      cwd: work,
      env: { DENO_DIR: `${work}/deno-dir` },
    });
    stripNpmFolder(`${work}/deno-dir/npm`);
    return nixHash(`${work}/deno-dir/npm`);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

function execute(command: string, args: string[], options: Deno.CommandOptions): string {
  const result = new Deno.Command(command, { args, ...options }).outputSync();
  if (result.success) return new TextDecoder().decode(result.stdout);
  throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(result.stderr)}`);
}

if (import.meta.main) {
  const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
  try {
    const before = recordedHash();
    const hash = downloadedHash();
    Deno.writeTextFileSync(RECORD, JSON.stringify({ hash }, null, 2) + "\n");
    print(hash === before ? `unchanged: ${hash}` : `${before} -> ${hash}`);
  } catch (error) {
    print(`${RECORD} is as it was: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
