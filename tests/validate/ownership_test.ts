import { deepEqual, equal, throws } from "node:assert/strict";
import { octal, ownershipProblem, restrict, setOwnership } from "../../lib/validate/ownership.ts";
import { testContext } from "../support/context.ts";
import { isRoot } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";

function problem(uid: number, mode: number, wanted: number) {
  return ownershipProblem({ uid, mode: 0o100000 | mode } as Deno.FileInfo, wanted);
}

Deno.test("ownershipProblem() tells what others can change from what only looks wrong", () => {
  equal(problem(0, 0o644, 0o644), undefined);
  deepEqual(problem(0, 0o600, 0o644), { what: "has mode 0600", open: false });
  deepEqual(problem(0, 0o666, 0o644), { what: "can be written by others (0666)", open: true });
  deepEqual(problem(0, 0o664, 0o644), { what: "can be written by others (0664)", open: true });
  deepEqual(problem(0, 0o4755, 0o755), { what: "has mode 4755", open: false });
  // What is wanted so is no hole.
  deepEqual(problem(0, 0o1777, 0o777), { what: "has mode 1777", open: false });
  deepEqual(problem(1000, 0o600, 0o600), { what: "belongs to user 1000, not to root", open: true });
  deepEqual([octal(0), octal(0o755), octal(0o4755)], ["0000", "0755", "4755"]);
});

Deno.test("restrict() takes permissions from one's own files and folders, and gives none", async () => {
  const uid = Deno.uid()!;
  await withScratch({ file: "x", "folder/": "", link: { link: "file" } }, (folder) => {
    const mode = (name: string) => Deno.statSync(`${folder}/${name}`).mode! & 0o7777;
    Deno.chmodSync(`${folder}/file`, 0o664);
    Deno.chmodSync(`${folder}/folder`, 0o777);
    deepEqual(restrict(`${folder}/file`, 0o755, uid), [{
      what: `${folder}/file`,
      before: "0664",
      after: "0644",
    }]);
    deepEqual(restrict(`${folder}/file`, 0o755, uid), [], "it is done");
    deepEqual(restrict(`${folder}/folder`, 0o700, uid + 1), [], "another's");
    equal(mode("folder"), 0o777);
    restrict(`${folder}/folder`, 0o700, uid);
    deepEqual([mode("file"), mode("folder")], [0o644, 0o700]);
    let changed: unknown = [];
    try {
      changed = restrict(`${folder}/link`, 0o600, uid);
    } catch {
      // A link may be refused as well as left.
    }
    deepEqual([changed, mode("file")], [[], 0o644]);
    throws(() => restrict(`${folder}/none`, 0o600, uid));
  });
});

Deno.test({
  name: "setOwnership() makes a missing folder, mends owner and mode, and leaves links alone",
  ignore: !isRoot,
  fn: async () => {
    await withScratch({ "etc/theirs/": "", "etc/elsewhere/": "" }, (root) => {
      const ctx = testContext({ root });
      const at = (path: string) => {
        const { uid, mode } = Deno.statSync(`${root}${path}`);
        return [uid, mode! & 0o7777];
      };
      Deno.chownSync(`${root}/etc/theirs`, 1000, 1000);
      Deno.chmodSync(`${root}/etc/theirs`, 0o775);
      const [change] = setOwnership(ctx, "/etc/theirs", 0o755);
      deepEqual([change!.before, change!.after], ["0775 of user 1000", "0755 of root"]);
      deepEqual([at("/etc/theirs"), setOwnership(ctx, "/etc/theirs", 0o755)], [[0, 0o755], []]);
      equal(setOwnership(ctx, "/etc/new", 0o700)[0]!.before, "missing");
      deepEqual(at("/etc/new"), [0, 0o700]);
    });
  },
});
