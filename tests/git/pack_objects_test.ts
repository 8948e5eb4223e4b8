import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { type GitObject, type ObjectStore, unpackObjects } from "../../lib/git/pack_objects.ts";
import { awkwardRepository } from "../support/awkward_repository.ts";
import { gitEnvironment } from "../support/github/git_environment.ts";
import { commit, git } from "../support/repositories.ts";

class Objects implements ObjectStore {
  readonly all = new Map<string, GitObject>();
  constructor(readonly outside: ReadonlyMap<string, GitObject> = new Map()) {}
  put(sha: string, object: GitObject): void {
    this.all.set(sha, object);
  }
  get(sha: string): GitObject | undefined {
    return this.all.get(sha) ?? this.outside.get(sha);
  }
}

/** A pack of real Git: `revs` as for git-pack-objects(1) `--revs`. */
async function packOf(
  directory: string,
  revs: string,
  options: string[] = [],
): Promise<Uint8Array> {
  const child = new Deno.Command("git", {
    args: ["--git-dir", directory, "pack-objects", "--revs", "--stdout", "-q", ...options],
    env: gitEnvironment,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const fed = ReadableStream.from([new TextEncoder().encode(revs)]).pipeTo(child.stdin);
  const { stdout } = await child.output();
  await fed;
  return stdout;
}

async function* inPieces(pack: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < pack.length; at += size) {
    yield await Promise.resolve(pack.slice(at, at + size));
  }
}

Deno.test("unpackObjects() reads what Git packs, in pieces of any size, deltas on either kind of base", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const { first } = await awkwardRepository(directory);
    const line = (i: number) => `line ${i} of a file that is long enough to be worth a delta\n`;
    const long = Array.from({ length: 400 }, (_, i) => line(i)).join("");
    const base = await commit(directory, {
      from: first,
      changes: [{ path: "long", content: long }],
    });
    const next = await commit(directory, {
      from: base,
      changes: [{ path: "long", content: long.replace("line 7 ", "LINE SEVEN ") }],
    });
    const names = async (revs: string[]) =>
      (await git(directory, ["rev-list", "--objects", ...revs])).split("\n").map((l) =>
        l.slice(0, 40)
      );

    for (const options of [[], ["--delta-base-offset"]]) {
      const whole = await packOf(directory, `${next}\n`, options);
      for (const size of [1, 7, 100, 4096, whole.length]) {
        const store = new Objects();
        const missing = await unpackObjects(inPieces(whole, size), store);
        equal(missing.length, 0);
        deepEqual([...store.all.keys()].sort(), (await names([next])).sort());
      }
    }

    const thin = await packOf(directory, `${next}\n^${base}\n`, ["--thin"]);
    ok(thin.length < 1500, "deltas travel");
    const known = new Objects();
    await unpackObjects(inPieces(await packOf(directory, `${base}\n`), 999), known);
    const store = new Objects(known.all);
    const told: [number, number][] = [];
    const tell = (done: number, total: number) => void told.push([done, total]);
    equal((await unpackObjects(inPieces(thin, 5), store, tell)).length, 0);
    // A share of nothing is no number.
    ok(told.length > 0 && told.every(([done, total]) => total > 0 && done <= total));
    deepEqual([...store.all.keys()].sort(), (await names([next, `^${base}`])).sort());
    ok((await unpackObjects(inPieces(thin, 50), new Objects())).length > 0);

    const whole = await packOf(directory, `${next}\n`);
    const right = new Set(await names([next]));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          await rejects(unpackObjects(inPieces(whole.subarray(0, at), 512), new Objects()));
          const damaged = whole.slice();
          damaged[at]! ^= flip;
          const store = new Objects();
          await rejects(unpackObjects(inPieces(damaged, 512), store));
          // What was taken before the damage showed still has the name of its content.
          ok([...store.all.values()].length <= right.size);
        },
      ),
      { numRuns: 60 },
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
