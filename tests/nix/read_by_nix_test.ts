import { doesNotThrow, throws } from "node:assert/strict";
import { refuseWhatNixMustNotRead } from "../../lib/nix/read_by_nix.ts";
import { testContext } from "../support/context.ts";
import { makeFifo, withScratch } from "../support/scratch_files.ts";

const FILES = {
  "outside.nix": "{ }",
  "root/etc/nixos/configuration.nix": "{ }",
  "root/etc/hypervisor/src/nix/host.nix": "{ }",
  "root/etc/hypervisor/configuration/local.nix": "{ }",
  "root/persist/local.nix": "{ }",
};

Deno.test("refuseWhatNixMustNotRead() refuses what Nix would wait for", () =>
  withScratch(FILES, (folder) => {
    const root = `${folder}/root`;
    const ctx = testContext({ root });
    doesNotThrow(() => refuseWhatNixMustNotRead(ctx));
    for (const path of ["etc/nixos/pipe.nix", "etc/hypervisor/src/nix/pipe.nix"]) {
      makeFifo(`${root}/${path}`);
      throws(() => refuseWhatNixMustNotRead(ctx), /pipe\.nix is a pipe, not a regular file/);
      Deno.removeSync(`${root}/${path}`);
    }
    const huge = `${root}/etc/hypervisor/configuration/huge.nix`;
    Deno.writeTextFileSync(huge, "");
    Deno.truncateSync(huge, 65 * 1024 * 1024);
    throws(() => refuseWhatNixMustNotRead(ctx), /huge\.nix is larger than/);
  }));

Deno.test("refuseWhatNixMustNotRead() refuses links that lead Nix out of a mounted machine", () =>
  withScratch(FILES, (folder) => {
    const root = `${folder}/root`;
    const ctx = testContext({ root });
    const local = `${root}/etc/hypervisor/configuration/local.nix`;
    const link = (target: string, path = local) => {
      Deno.removeSync(path);
      Deno.symlinkSync(target, path);
    };
    link("../../../persist/local.nix");
    doesNotThrow(() => refuseWhatNixMustNotRead(ctx));
    // To Nix there is nothing, which it says itself.
    link("/persist/local.nix");
    doesNotThrow(() => refuseWhatNixMustNotRead(ctx));
    link("../../../../outside.nix");
    throws(() => refuseWhatNixMustNotRead(ctx), /local\.nix is a link that leads Nix out of/);
    link(`${folder}/outside.nix`);
    throws(() => refuseWhatNixMustNotRead(ctx), /local\.nix is a link that leads Nix out of/);
    link("../../../persist/local.nix");
    link("/etc/passwd", `${root}/etc/nixos/configuration.nix`);
    throws(() => refuseWhatNixMustNotRead(ctx), /configuration\.nix is a link/);
  }));
