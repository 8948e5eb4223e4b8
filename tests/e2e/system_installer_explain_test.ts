/** What `--explain` says of each change, for people and in the document. */
import { equal, match, ok } from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { makeSource } from "../support/source.ts";
import { standIns } from "../support/stand_ins.ts";

needsNix(
  "system-installer --explain says of each change what it is for and what undoes it",
  async () => {
    const source = Deno.makeTempDirSync({ prefix: "source-" });
    try {
      Deno.chmodSync(source, 0o755);
      makeSource(`${source}/hyper-nixos`, { small: true });
      using machine = scratchMachine("uefi");
      using programs = standIns();
      const plan = (...words: string[]) =>
        runTool(
          "system-installer",
          ["--dry-run", "--no-keep-config", "--source", `${source}/hyper-nixos`, ...words],
          { root: machine.root, standIns: programs.folder },
        );
      const { steps } = JSON.parse((await plan("--json")).stdout);
      ok(steps.length > 8);
      for (const { id, why, undo } of steps) {
        ok(why.length > 10, id);
        ok(undo.length > 10, id);
      }
      const password = steps.find(({ id }: { id: string }) => id === "password-alice");
      equal(password.madeOf, "/etc/shadow");

      const explained = await plan("--explain");
      equal(explained.code, 0, explained.stderr);
      const section = explained.stdout.slice(explained.stdout.indexOf("Why each change"));
      for (const { path } of steps) {
        ok(section.includes(`${path.slice(machine.root.length)}\n`), path);
      }
      match(
        section,
        /secret .*passwords\/alice\n {2}to +keep the password of alice\n {2}why +the new/,
      );
      match(section, / {2}made of +\/etc\/shadow\n {2}undone +as it was before, byte for byte\n/);
      const plain = await plan();
      ok(!plain.stdout.includes("Why each change"));
      equal((await runTool("system-installer", ["--undo", "--explain"])).code, 4);
    } finally {
      Deno.removeSync(source, { recursive: true });
    }
  },
);
