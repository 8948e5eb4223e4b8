import type { Random } from "./random.ts";
import { readTree } from "./tree_listing.ts";
import type { Trial } from "./trial.ts";

/** What owners do to their source tree between two syncs. */
export function editLocally(trial: Trial, top: string): void {
  const { random } = trial;
  const edits: string[] = [];
  for (let count = random.integer(1, 5); count > 0; count--) {
    const tree = readTree(top);
    if (tree === undefined || tree.files.size === 0) return;
    const paths = [...tree.files.keys()].sort();
    const path = random.pick(paths);
    const edit = random.weighted(EDITS);
    edit(`${top}/${path}`, random, top);
    edits.push(`${edit.name} ${JSON.stringify(path)}`);
  }
  trial.says(`the owner: ${edits.join(", ")}`);
}

type Edit = (host: string, random: Random, top: string) => void;

const changes: Edit = (host, random) => replaced(host, `mine ${random.integer(0, 1e9)}\n`);

const changesInPlace: Edit = (host, random) => {
  const { isFile, size } = Deno.lstatSync(host);
  // The same size at the same time: only reading tells.
  if (isFile) Deno.writeTextFileSync(host, String(random.integer(0, 9)).repeat(size));
};

const removes: Edit = (host) => Deno.removeSync(host);

const setsMode: Edit = (host, random) => {
  const mode = random.pick([0o600, 0o755, 0o640, 0o444]);
  if (!Deno.lstatSync(host).isSymlink) Deno.chmodSync(host, mode);
};

const links: Edit = (host, random) => {
  Deno.removeSync(host);
  Deno.symlinkSync(random.pick(["/etc/shadow", "nowhere", "..", "flake.nix"]), host);
};

const makesFolder: Edit = (host, random) => {
  Deno.removeSync(host);
  Deno.mkdirSync(host, { mode: 0o755 });
  Deno.chmodSync(host, 0o755);
  write(`${host}/mine`, `mine ${random.integer(0, 1e9)}\n`);
};

const adds: Edit = (_host, random, top) =>
  write(`${top}/${random.pick(["mine.nix", "notes", "f1", "lib"])}`, "mine\n");

const addsExcluded: Edit = (_host, random, top) => {
  const folder = `${top}/${random.pick([".git", "var", "target"])}`;
  if (exists(folder)) return;
  Deno.mkdirSync(folder);
  Deno.chmodSync(folder, 0o755);
  write(`${folder}/data`, "data\n");
};

const linksResult: Edit = (_host, _random, top) => {
  if (!exists(`${top}/result`)) Deno.symlinkSync("/nix/store/result", `${top}/result`);
};

const EDITS: readonly (readonly [number, Edit])[] = [
  [30, changes],
  [10, changesInPlace],
  [20, removes],
  [10, setsMode],
  [8, links],
  [8, makesFolder],
  [10, adds],
  [6, addsExcluded],
  [3, linksResult],
];

function replaced(host: string, text: string): void {
  Deno.removeSync(host);
  write(host, text);
}

function write(host: string, text: string): void {
  if (exists(host)) return;
  Deno.writeTextFileSync(host, text);
  Deno.chmodSync(host, 0o644);
}

function exists(host: string): boolean {
  try {
    Deno.lstatSync(host);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
