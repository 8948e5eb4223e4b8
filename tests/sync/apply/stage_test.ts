import { deepEqual, equal, throws } from "node:assert/strict";
import { Mode } from "../../../lib/git/git_objects.ts";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import type { ToolError } from "../../../lib/machine/tool_error.ts";
import { linkPrevious, stageFiles } from "../../../lib/sync/apply/stage.ts";
import { withScratch } from "../../support/scratch_files.ts";

const entry = (path: string, mode: number = Mode.File) => ({ path, mode, sha: "0".repeat(40) });
const bytes = (text: string) => new TextEncoder().encode(text);
const modeAt = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o7777;

Deno.test("stageFiles() writes what a commit has, with its permissions, whatever the umask", async () => {
  await withScratch({ "staging/": "" }, (folder) => {
    const staging = `${folder}/staging`;
    const before = Deno.umask(0o077);
    const told: number[] = [];
    let written: string[];
    try {
      written = stageFiles(
        staging,
        [
          entry("-f"),
          entry("a b/run", Mode.Executable),
          entry("a b/old", 0o100664),
          entry("a b/c/link", Mode.Symlink),
        ],
        { of: ({ path, mode }) => bytes(mode === Mode.Symlink ? "../no\nwhere" : path) },
        (done) => told.push(done),
      );
    } finally {
      Deno.umask(before);
    }
    const top = `${staging}/new`;
    equal(Deno.readTextFileSync(`${top}/-f`), "-f");
    equal(Deno.readLinkSync(`${top}/a b/c/link`), "../no\nwhere");
    deepEqual(
      ["", "/-f", "/a b", "/a b/run", "/a b/old", "/a b/c"].map((path) => modeAt(top + path)),
      [
        ...[0o755, 0o644, 0o755, 0o755, 0o644, 0o755],
      ],
    );
    deepEqual(told, [1, 2, 3, 4]);
    // All that must be brought to the disk: a link is in its folder.
    deepEqual(
      written.toSorted(),
      ["", "/-f", "/a b", "/a b/c", "/a b/old", "/a b/run"].map((path) => top + path).toSorted(),
    );
  });
});

Deno.test("stageFiles() refuses what can be the target of no link, by its path", async () => {
  for (
    const [target, problem] of [
      [new Uint8Array(), /"l" is a link that leads nowhere/],
      [bytes("x".repeat(4096)), /"l" is a link that is too long/],
      [bytes("a\0b"), /"l" is a link that holds a NUL/],
      [new Uint8Array([0x66, 0xfc]), /"l" is a link that is not valid UTF-8/],
    ] as const
  ) {
    await withScratch({ "staging/": "" }, (folder) => {
      throws(
        () =>
          stageFiles(
            `${folder}/staging`,
            [entry("l", Mode.Symlink)],
            { of: () => target },
            () => {},
          ),
        (error: ToolError) => error.code === ExitCode.Configuration && problem.test(error.message),
      );
    });
  }
  await withScratch({ "staging/": "" }, (folder) => {
    const longest = "x/".repeat(2047) + "x";
    stageFiles(
      `${folder}/staging`,
      [entry("l", Mode.Symlink)],
      { of: () => bytes(longest) },
      () => {},
    );
    equal(Deno.readLinkSync(`${folder}/staging/new/l`), longest);
  });
});

Deno.test("stageFiles() counts a content as often as it will be written, before it writes any", async () => {
  await withScratch({ "staging/": "" }, (folder) => {
    const many = Array.from({ length: 30 }, (_, i) => entry(`copy-${i}`));
    const contents = { of: () => new Uint8Array(), size: () => 100 * 1024 * 1024 };
    throws(
      () => stageFiles(`${folder}/staging`, many, contents, () => {}),
      (error: ToolError) => /more than 2 GB/.test(error.message),
    );
    deepEqual([...Deno.readDirSync(`${folder}/staging/new`)], []);
  });
});

Deno.test("linkPrevious() keeps the very files, makes room for folders, and passes over what has just gone", async () => {
  await withScratch({
    "tree/a/b": "one",
    "tree/link": { link: "nowhere" },
    "tree/was-file/": "",
    "staging/": "",
  }, (folder) => {
    const [tree, staging] = [`${folder}/tree`, `${folder}/staging`];
    const made = linkPrevious(tree, staging, ["a/b", "link", "gone", "was-file"], ["x/y/aside"]);
    const top = `${staging}/previous/tree`;
    equal(Deno.lstatSync(`${top}/a/b`).ino, Deno.lstatSync(`${tree}/a/b`).ino);
    equal(Deno.lstatSync(`${top}/link`).ino, Deno.lstatSync(`${tree}/link`).ino);
    deepEqual(made, [top, `${top}/a`, `${top}/x`, `${top}/x/y`]);
    deepEqual([...Deno.readDirSync(top)].map(({ name }) => name).sort(), ["a", "link", "x"]);
    // Nobody else may look at what an owner had here.
    deepEqual(made.map(modeAt), Array(4).fill(0o700));
  });
});
