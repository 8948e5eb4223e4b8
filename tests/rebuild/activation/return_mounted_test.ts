import { deepEqual, equal, rejects } from "node:assert/strict";
import { returnMountedSystem } from "../../../lib/rebuild/activation/return_mounted.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { standIns } from "../../support/stand_ins.ts";

const PROFILES = "nix/var/nix/profiles";
const system = (name: string) => `/nix/store/${name.repeat(32)}-nixos-system-${name}`;
const MACHINE = {
  [`${system("a").slice(1)}/nixos-version`]: "24.05",
  [`${system("b").slice(1)}/nixos-version`]: "24.05",
  [`${PROFILES}/system-1-link`]: { link: system("a") },
  [`${PROFILES}/system-2-link`]: { link: system("b") },
  [`${PROFILES}/system`]: { link: "system-2-link" },
};

/** What a mounted machine boots after its boot loader was asked for by this nixos-enter. */
async function returned(enter: string | undefined, toplevel = system("a")) {
  using tools = standIns({ only: [] });
  let boots = "";
  let failure: unknown;
  await withScratch(MACHINE, async (root) => {
    if (enter !== undefined) {
      tools.set("bin/nixos-enter", enter, 0o755);
      Deno.chmodSync(`${tools.folder}/state`, 0o755);
    }
    const PATH = enter === undefined ? "/usr/bin:/bin" : `${tools.folder}/state/bin:/usr/bin:/bin`;
    const ctx = testContext({ root, env: { PATH } });
    try {
      await returnMountedSystem(ctx, toplevel);
    } catch (error) {
      failure = error;
    }
    boots = Deno.readLinkSync(`${root}/${PROFILES}/system`);
  });
  return { boots, failure: failure as (Error & { code: number }) | undefined };
}

Deno.test("returnMountedSystem() makes a generation of the machine's what it boots", async () => {
  const { boots, failure } = await returned("#!/bin/sh\nexit 0\n");
  deepEqual([boots, failure], ["system-1-link", undefined]);
});

Deno.test("returnMountedSystem() leaves the profile as it was when the boot loader cannot be written", async () => {
  const refused = await returned("#!/bin/sh\nexit 7\n");
  deepEqual([refused.boots, refused.failure?.code], ["system-2-link", 1]);
  // As where the program's own interpreter is not there.
  const broken = await returned("#!/no/such/interpreter\n");
  equal(broken.boots, "system-2-link");
  equal(broken.failure === undefined, false);
});

Deno.test("returnMountedSystem() changes nothing for a system that is gone, or without nixos-enter", async () => {
  const gone = await returned("#!/bin/sh\nexit 0\n", system("c"));
  deepEqual([gone.boots, gone.failure?.code], ["system-2-link", 1]);
  const without = await returned(undefined);
  deepEqual([without.boots, without.failure?.code], ["system-2-link", 2]);
  await rejects(Promise.reject(without.failure), /nixos-enter/);
});
