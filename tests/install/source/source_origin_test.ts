import assert from "node:assert/strict";
import { ORIGIN_FILE } from "../../../lib/install/source/checkout_origin.ts";
import { findOrigin } from "../../../lib/install/source/source_origin.ts";
import { DEFAULT_REPOSITORY } from "../../../lib/sync/begin.ts";
import { testContext } from "../../support/context.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const mine = (uid: number) => uid === Deno.uid();

function inFolder(test: (folder: string, source: string) => void): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    Deno.mkdirSync(`${folder}/source`);
    test(folder, `${folder}/source`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("findOrigin() believes the source's own .git before the file beside it", () =>
  inFolder((folder, source) => {
    const ctx = testContext();
    assert.equal(findOrigin(ctx, source, false, mine), undefined);
    const noted = { repository: "owner/name", commit: COMMIT };
    Deno.writeTextFileSync(`${folder}/${ORIGIN_FILE}`, JSON.stringify(noted));
    assert.deepEqual(findOrigin(ctx, source, false, mine), noted);
    Deno.mkdirSync(`${source}/.git`);
    const commit = "f".repeat(40);
    Deno.writeTextFileSync(`${source}/.git/HEAD`, `${commit}\n`);
    const url = "git@github.com:other/fork.git";
    Deno.writeTextFileSync(`${source}/.git/config`, `[remote "origin"]\n\turl = ${url}\n`);
    assert.deepEqual(findOrigin(ctx, source, false, mine), { repository: "other/fork", commit });
  }));

Deno.test("findOrigin() takes the commit of the Nix package for that package's source only", () =>
  inFolder((_, source) => {
    const env = { HYPERVISOR_SOURCE_COMMIT: COMMIT, HYPERVISOR_REPO: "" };
    assert.deepEqual(findOrigin(testContext({ env }), source, true, mine), {
      repository: DEFAULT_REPOSITORY,
      commit: COMMIT,
    });
    assert.equal(findOrigin(testContext({ env }), source, false, mine), undefined);
    const fork = testContext({ env: { ...env, HYPERVISOR_REPO: "https://github.com/my/fork" } });
    assert.equal(findOrigin(fork, source, true, mine)?.repository, "my/fork");
    const dirty = testContext({ env: { ...env, HYPERVISOR_SOURCE_COMMIT: `${COMMIT}-dirty` } });
    assert.equal(findOrigin(dirty, source, true, mine), undefined);
  }));

Deno.test("findOrigin() refuses a file that others could have written, and one that is none", () =>
  inFolder((folder, source) => {
    const file = `${folder}/${ORIGIN_FILE}`;
    Deno.writeTextFileSync(file, JSON.stringify({ commit: COMMIT }));
    Deno.chmodSync(file, 0o666);
    assert.throws(() => findOrigin(testContext(), source, false, mine), {
      message: `source ${file} can be written by everyone`,
      code: 3,
    });
    Deno.chmodSync(file, 0o644);
    Deno.writeTextFileSync(file, "{}");
    assert.throws(() => findOrigin(testContext(), source, false, mine), {
      message: `${file} does not name a commit`,
      code: 6,
    });
  }));
