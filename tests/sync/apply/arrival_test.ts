import { deepEqual, equal } from "node:assert/strict";
import { encodeTree, Mode } from "../../../lib/git/git_objects.ts";
import { objectHash } from "../../../lib/machine/tree/blob_hash.ts";
import { Arrival } from "../../../lib/sync/apply/arrival.ts";

const encoder = new TextEncoder();
const blob = (text: string) => {
  const data = encoder.encode(text);
  return { sha: objectHash("blob", data), object: { kind: "blob", data } as const };
};
const tree = (...items: { name: string; mode: number; sha: string }[]) => {
  const data = encodeTree(items);
  return { sha: objectHash("tree", data), object: { kind: "tree", data } as const };
};
const commit = (root: string) => {
  const data = encoder.encode(`tree ${root}\nauthor a <a> 0 +0000\n\nwhat\n`);
  return { sha: objectHash("commit", data), object: { kind: "commit", data } as const };
};

async function withArrival(
  wanted: string,
  use: (
    take: (of: ReturnType<typeof blob | typeof tree | typeof commit>) => string | undefined,
  ) => void,
): Promise<void> {
  const staging = await Deno.makeTempDir();
  try {
    await using arrival = new Arrival(staging, wanted);
    use(({ sha, object }) => arrival.take(sha, object)?.slice(staging.length));
  } finally {
    await Deno.remove(staging, { recursive: true });
  }
}

Deno.test("Arrival writes files where the folders before them say, with their permissions", async () => {
  const [plain, program] = [blob("plain"), blob("#!/bin/sh")];
  const below = tree({ name: "run", mode: Mode.Executable, sha: program.sha });
  const root = tree(
    { name: "again", mode: Mode.File, sha: plain.sha },
    { name: "bin", mode: Mode.Tree, sha: below.sha },
    { name: "file", mode: Mode.File, sha: plain.sha },
  );
  const top = commit(root.sha);
  await withArrival(top.sha, (take) => {
    deepEqual([top, root, below].map(take), [undefined, undefined, undefined]);
    equal(take(plain), "/new/again");
    equal(take(program), "/new/bin/run");
  });
  const staging = await Deno.makeTempDir();
  try {
    await using arrival = new Arrival(staging, top.sha);
    for (const { sha, object } of [top, root, below, program]) arrival.take(sha, object);
    equal(Deno.statSync(`${staging}/new/bin/run`).mode! & 0o777, 0o755);
    equal(Deno.readTextFileSync(`${staging}/new/bin/run`), "#!/bin/sh");
  } finally {
    await Deno.remove(staging, { recursive: true });
  }
});

Deno.test("Arrival leaves what is hostile, excluded, no file, or not known to be wanted", async () => {
  const contents = ["up", "git", "socket", "result", "slash", "link", "twice", "unknown"].map(blob);
  const [up, git, socket, result, slash, link, twice, unknown] = contents;
  const root = tree(
    { name: "..", mode: Mode.File, sha: up!.sha },
    { name: ".git", mode: Mode.File, sha: git!.sha },
    { name: "a.socket", mode: Mode.File, sha: socket!.sha },
    { name: "result", mode: Mode.File, sha: result!.sha },
    { name: "../outside", mode: Mode.File, sha: slash!.sha },
    { name: "link", mode: Mode.Symlink, sha: link!.sha },
    { name: "one", mode: Mode.Tree, sha: "0".repeat(40) },
    { name: "one", mode: Mode.File, sha: twice!.sha },
  );
  const other = tree({ name: "unknown", mode: Mode.File, sha: unknown!.sha });
  const top = commit(root.sha);
  await withArrival(top.sha, (take) => {
    for (const object of [top, root, other, ...contents]) equal(take(object), undefined);
  });
});
