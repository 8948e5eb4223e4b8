import { deepEqual, equal, rejects } from "node:assert/strict";
import { installSystem } from "../../../lib/rebuild/building/install_system.ts";
import type { BuildOptions } from "../../../lib/rebuild/building/run_build.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { standIns } from "../../support/stand_ins.ts";

/** Runs a nixos-install that writes these lines and ends so. */
async function installed(lines: readonly string[], code = 0) {
  using tools = standIns({ only: [] });
  Deno.chmodSync(`${tools.folder}/state`, 0o755);
  const said = lines.map((line) => `echo '${line}' >&2`).join("\n");
  tools.set(
    "bin/nixos-install",
    `#!/bin/sh\nprintf '%s\\n' "$@" > '${tools.folder}/state/args'\n${said}\nexit ${code}\n`,
    0o755,
  );
  let pastNoReturn = false;
  let failure: unknown;
  let folder = "";
  await withScratch({}, async (root) => {
    folder = root;
    const ctx = testContext({ root, env: { PATH: `${tools.folder}/state/bin:/usr/bin:/bin` } });
    const flake = { url: "path:/mnt/etc/hypervisor/src", pure: false };
    try {
      await installSystem(ctx, { flake, host: "web", buildFlags: [] } as unknown as BuildOptions);
    } catch (error) {
      failure = error;
    }
    pastNoReturn = ctx.pastNoReturn;
  });
  return { args: tools.get("args")!.trim().split("\n"), pastNoReturn, failure, folder };
}

Deno.test("installSystem() installs the host into the mounted machine, and asks for no password", async () => {
  const { args, folder } = await installed([]);
  deepEqual(args.slice(0, 4), ["--root", folder, "--flake", "path:/mnt/etc/hypervisor/src#web"]);
  for (const flag of ["--impure", "--no-root-passwd", "--no-channel-copy"]) {
    equal(args.includes(flag), true, flag);
  }
});

Deno.test("installSystem() can be stopped while it builds, and no longer when the machine changes", async () => {
  equal((await installed(["building the flake in path:/mnt..."])).pastNoReturn, false);
  equal((await installed(["installing the boot loader..."])).pastNoReturn, true);
  equal((await installed(["setting up /etc..."])).pastNoReturn, true);
  const { failure } = await installed(["error: attribute missing"], 1);
  await rejects(Promise.reject(failure), { code: 6 });
});
