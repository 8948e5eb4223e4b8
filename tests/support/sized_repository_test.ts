import assert from "node:assert/strict";
import { git } from "./repositories.ts";
import { type RepositorySize, sizedRepository } from "./sized_repository.ts";

const TINY: RepositorySize = { files: 120, bytes: 800, shape: "packages", seed: 3 };

Deno.test("sizedRepository() makes the number of files and changes that was asked for", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { directory, base, changed } = await sizedRepository(`${folder}/r`, TINY, [5, 40]);
    const names = async (...args: string[]) => (await git(directory, args)).split("\n");
    const files = await names("ls-tree", "-r", "--name-only", base);
    assert.equal(files.length, 120);
    assert.ok(files.includes("nix/host.nix") && files.includes("flake.nix"));
    assert.equal(await git(directory, ["rev-parse", "main"]), base);
    for (const [count, { sha, written }] of changed) {
      const differences = await names("diff-tree", "-r", "--no-renames", "--name-only", base, sha);
      assert.equal(differences.length, count);
      assert.ok(written.every((path) => differences.includes(path)));
      assert.equal(await git(directory, ["rev-parse", `change-${count}`]), sha);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sizedRepository() gives the same commits for the same seed, others for another", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const make = (name: string, size: RepositorySize) =>
      sizedRepository(`${folder}/${name}`, size, [5]);
    const [one, same] = [await make("one", TINY), await make("same", TINY)];
    const other = await make("other", { ...TINY, seed: 4 });
    assert.equal(one.base, same.base);
    assert.deepEqual(one.changed, same.changed);
    assert.notEqual(one.base, other.base);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
