/**
 * Tools that are started from this tree's sources, bundled once for each state of them: a start parses
 * some files instead of hundreds.
 */
import { bundle, REPOSITORY } from "../../nix/bundle.ts";
import { age, LOCK, placeFor } from "./made_once.ts";

/** What a bundle is made of; `cmd` and `lib` import nothing else of this tree. */
const SOURCES = ["cmd", "lib", "nix/bundle.ts", "deno.json", "deno.lock"];
/** For this long after a failure (milliseconds) nobody tries again, which can take a network's timeout. */
const HOPELESS = 10 * 60 * 1000;

const found = new Map<string, string | undefined>();

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
  const folder = placeFor({ sources: SOURCES, also: Deno.env.get("ESBUILD") ?? "" });
  using lock = Deno.openSync(`${folder}/${LOCK}`, { create: true, write: true });
  lock.lockSync(true);
  const script = `${folder}/${tool}/${tool}.js`;
  const failure = `${folder}/${tool}.failure`;
  if (age(script) === undefined) {
    if ((age(failure) ?? HOPELESS) < HOPELESS) throw new Error(Deno.readTextFileSync(failure));
    try {
      make(tool, folder);
    } catch (error) {
      Deno.writeTextFileSync(failure, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }
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
    Deno.chmodSync(`${work}/${tool}`, 0o755);
    Deno.renameSync(`${work}/${tool}`, `${state}/${tool}`);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}
