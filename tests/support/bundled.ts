/**
 * Tools that are started from this tree's sources, bundled once for each state of them: a start parses
 * some files instead of hundreds. What is made stays in the temporary directory, for the other test
 * files and the next run, until nobody has used it for a while.
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { bundle, REPOSITORY } from "../../nix/bundle.ts";

/** What a bundle is made of; `cmd` and `lib` import nothing else of this tree. */
const SOURCES = ["cmd", "lib", "nix/bundle.ts", "deno.json", "deno.lock"];
/** After this long unused (milliseconds) a state's bundles go, when those of another are made. */
const UNUSED = 60 * 60 * 1000;
/** For this long after a failure (milliseconds) nobody tries again, which can take a network's timeout. */
const HOPELESS = 10 * 60 * 1000;

const found = new Map<string, string | undefined>();
let states: string | undefined;

/**
 * @param tool the name of a script in cmd/
 * @returns the bundled script's path, in a folder of its own with its parts, readable for every user;
 *   undefined, with a note on standard error, where nothing can be bundled
 */
export function bundledTool(tool: string): string | undefined {
  if (!found.has(tool)) {
    try {
      found.set(tool, find(tool));
    } catch (error) {
      found.set(tool, undefined);
      const reason = error instanceof Error ? error.message : String(error);
      const text =
        `\n!! ${tool} is started from source, which takes longer: it cannot be bundled: ` +
        `${reason.split("\n")[0]}\n`;
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    }
  }
  return found.get(tool);
}

function find(tool: string): string {
  states ??= ownFolder(`${tmpdir()}/hyper-nixos-tests-${Deno.uid()}`);
  const state = `${states}/${hashOfSources()}`;
  const script = `${state}/${tool}/${tool}.js`;
  // Test files run beside each other; one of them makes it.
  using lock = Deno.openSync(`${states}/lock`, { create: true, write: true });
  lock.lockSync(true);
  const failure = `${state}/${tool}.failure`;
  if (age(script) === undefined) {
    if ((age(failure) ?? HOPELESS) < HOPELESS) throw new Error(Deno.readTextFileSync(failure));
    removeUnused(states);
    Deno.mkdirSync(state, { recursive: true, mode: 0o755 });
    try {
      make(tool, state);
    } catch (error) {
      Deno.writeTextFileSync(failure, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }
  const now = new Date();
  Deno.utimeSync(state, now, now);
  return script;
}

/** Makes the folder of one tool, which is there as a whole or not at all. */
function make(tool: string, state: string): void {
  const work = Deno.makeTempDirSync({ dir: state, prefix: "work-" });
  try {
    bundle(new Map([[tool, `${REPOSITORY}cmd/${tool}.ts`]]), work);
    for (const { name } of Deno.readDirSync(`${work}/${tool}`)) {
      Deno.chmodSync(`${work}/${tool}/${name}`, 0o644);
    }
    for (const folder of [state, `${work}/${tool}`]) Deno.chmodSync(folder, 0o755);
    Deno.renameSync(`${work}/${tool}`, `${state}/${tool}`);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

/** A folder with a name that everyone can guess is used only where nobody else can have filled it. */
function ownFolder(path: string): string {
  try {
    Deno.mkdirSync(path, { mode: 0o755 });
    Deno.chmodSync(path, 0o755);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const { isDirectory, uid, mode } = Deno.lstatSync(path);
  if (!isDirectory || uid !== Deno.uid() || (mode! & 0o022) !== 0) {
    throw new Error(`${path} is not a folder that only this user can write`);
  }
  return path;
}

function hashOfSources(): string {
  const hash = createHash("sha256")
    .update(`${Deno.version.deno} ${Deno.env.get("ESBUILD") ?? ""}`);
  const visit = (path: string): void => {
    const host = REPOSITORY + path;
    if (Deno.statSync(host).isDirectory) {
      const names = [...Deno.readDirSync(host)].map(({ name }) => name).sort();
      for (const name of names) visit(`${path}/${name}`);
    } else hash.update(`\0${path}\0`).update(Deno.readFileSync(host));
  };
  SOURCES.forEach(visit);
  return hash.digest("hex").slice(0, 32);
}

function removeUnused(folder: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (!isDirectory || (age(`${folder}/${name}`) ?? 0) < UNUSED) continue;
    Deno.removeSync(`${folder}/${name}`, { recursive: true });
  }
}

/** Milliseconds since it was last changed; undefined when it is not there. */
function age(path: string): number | undefined {
  try {
    return Date.now() - Deno.statSync(path).mtime!.getTime();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
