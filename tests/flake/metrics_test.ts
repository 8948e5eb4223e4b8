/** What the module's service leaves for node_exporter's textfile collector. */
import { deepEqual, equal, match } from "node:assert/strict";
import { withScratch } from "../support/scratch_files.ts";

const SCRIPT = new URL("../../nix/module/metrics.sh", import.meta.url).pathname;

/** Runs the script as the service does, with a command that prints its arguments and ends with a code. */
function write(folder: string, code: number): number {
  const command = `#!/bin/sh\numask 077\necho "hypervisor $*"\nexit ${code}\n`;
  Deno.writeTextFileSync(`${folder}/validator`, command, { mode: 0o755 });
  const coreutils = 'coreutils=$(dirname "$(command -v mv)")';
  const args = [
    "-c",
    `${coreutils}; . ${SCRIPT}`,
    "service",
    `${folder}/out`,
    `${folder}/validator`,
  ];
  return new Deno.Command("bash", { args, stderr: "inherit" }).outputSync().code;
}

const listed = (folder: string) =>
  [...Deno.readDirSync(`${folder}/out`)].map(({ name }) => name).sort();

Deno.test("metrics.sh writes a file that everyone may read, and ends as the check does", async () => {
  await withScratch({ "out/other.prom": "theirs" }, (folder) => {
    const file = `${folder}/out/hyper-nixos.prom`;
    for (const code of [0, 3, 6]) {
      equal(write(folder, code), code);
      equal(Deno.readTextFileSync(file), "hypervisor --metrics\n");
      equal(Deno.statSync(file).mode! & 0o777, 0o644);
      deepEqual(listed(folder), ["hyper-nixos.prom", "other.prom"]);
    }
    Deno.writeTextFileSync(file, "of before");
    equal(write(folder, 1), 1);
    equal(Deno.readTextFileSync(file), "of before", "a check that broke says nothing");
    deepEqual(listed(folder), ["hyper-nixos.prom", "other.prom"]);
  });
});

Deno.test("metrics.sh follows no link that another left in the folder", async () => {
  await withScratch({ secret: "kept", "out/hyper-nixos.prom": { link: "../secret" } }, (folder) => {
    Deno.chmodSync(`${folder}/secret`, 0o600);
    equal(write(folder, 0), 0);
    equal(Deno.readTextFileSync(`${folder}/secret`), "kept");
    equal(Deno.statSync(`${folder}/secret`).mode! & 0o777, 0o600);
    match(Deno.readTextFileSync(`${folder}/out/hyper-nixos.prom`), /^hypervisor/);
  });
});
