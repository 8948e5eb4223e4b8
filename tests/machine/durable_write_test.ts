/** What must be on the disk before a name leads to it, as strace(1) sees it. */
import assert from "node:assert/strict";
import { hasCommand, need } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";

const canTrace = need(
  hasCommand("strace"),
  "strace is not installed: that files are synced before they are renamed is not tested",
);

const module = (path: string) => JSON.stringify(new URL(`../../lib/${path}`, import.meta.url).href);

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

const SCRIPT = `
  import { linkAtomic, writeFileAtomic } from ${module("machine/files/files.ts")};
  import { decideChange, draftJournal } from ${module("machine/tree/tree_journal.ts")};
  import { syncToDisk } from ${module("machine/tree/tree_sync.ts")};
  const [folder] = Deno.args;
  writeFileAtomic(folder + "/written", "x", { mode: 0o600 });
  linkAtomic("written", folder + "/link");
  const draft = draftJournal(folder, []);
  await syncToDisk([draft]);
  decideChange(folder);
`;

Deno.test("what is renamed into place is on the disk before, and its folder after", {
  ignore: !canTrace,
}, async () => {
  await withScratch({ "script.ts": SCRIPT, "made/": "" }, async (folder) => {
    const trace = `${folder}/trace`;
    // -y names the files behind descriptors.
    const { code, stderr } = await new Deno.Command("strace", {
      args: [
        ...[
          "-f",
          "-y",
          "-qq",
          "-o",
          trace,
          "-e",
          "trace=fsync,fdatasync,rename,renameat,renameat2",
        ],
        Deno.execPath(),
        ...["run", "-A", "--config", CONFIG, `${folder}/script.ts`, `${folder}/made`],
      ],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const calls = Deno.readTextFileSync(trace).split("\n")
      .filter((line) => /\/(?:made|proc\/self\/fd)/.test(line))
      .map((line) =>
        /sync\(/.test(line)
          ? `sync ${/\/made[^>]*/.exec(line)?.[0].replace(/\.[0-9a-f]{8}\.tmp$/, "") ?? "?"}`
          : `rename ${/"[^"]*"[^"]*"([^"]*)"/.exec(line)?.[1]?.replace(/^.*\//, "") ?? "?"}`
      );
    assert.deepEqual(calls, [
      "sync /made/.written",
      "rename written",
      "sync /made",
      "rename link",
      "sync /made",
      "sync /made/journal.json.new",
      "rename journal.json",
      "sync /made",
    ]);
  });
});
