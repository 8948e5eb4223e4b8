/** The npm packages of deno.lock for builds without a network, from the cache of the Deno that tests. */
import assert from "node:assert/strict";
import { copy, nixOutput, REPOSITORY, scratchFolder } from "./support.ts";

/** `name@version` of every package that deno.lock pins; peers after "_" are no part of the version. */
function lockedPackages(): { readonly name: string; readonly version: string }[] {
  const { npm } = JSON.parse(Deno.readTextFileSync(`${REPOSITORY}/deno.lock`));
  return Object.keys(npm).map((key) => {
    const at = key.indexOf("@", 1);
    return { name: key.slice(0, at), version: key.slice(at + 1).split("_")[0]! };
  });
}

/** The packages of deno.lock from this Deno's cache, laid out as in the cache. */
export async function npmFolderFromCache(target: string): Promise<void> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));
  const [registry, ...others] = [...Deno.readDirSync(npmCache)].map((entry) => entry.name);
  assert.ok(registry && others.length === 0, `one registry expected in ${npmCache}`);
  for (const { name, version } of lockedPackages()) {
    const folder = `${target}/${registry}/${name}`;
    Deno.mkdirSync(folder, { recursive: true });
    copy(`${npmCache}/${registry}/${name}/${version}`, `${folder}/${version}`);
  }
}

/** Puts the result of the build that would download into the store: same name and hash, same path. */
export async function addNpmPackages(): Promise<void> {
  using folder = scratchFolder();
  const lock = Deno.readFileSync(`${REPOSITORY}/deno.lock`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", lock)).toHex();
  const npm = `${folder.path}/hyper-nixos-npm-${digest.slice(0, 12)}`;
  await npmFolderFromCache(npm);
  await nixOutput("nix-store", ["--add-fixed", "--recursive", "sha256", npm]);
}
