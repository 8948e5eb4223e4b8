import { deepEqual, equal } from "node:assert/strict";
import {
  bootDefault,
  currentSystem,
  generationOf,
  generations,
  runningOutsideProfile,
} from "../../lib/nix/generations.ts";
import { testContext } from "../support/context.ts";

const PROFILES = "/nix/var/nix/profiles";

/** A machine with generations 8, 9 and 10 of systems `a`, `b` and `a` again; 9 is the default. */
function withGenerations(test: (root: string) => void): void {
  const root = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${root}${PROFILES}`, { recursive: true });
    Deno.mkdirSync(`${root}/run`);
    for (const name of ["a", "b"]) {
      const toplevel = `${root}/nix/store/${name}`;
      Deno.mkdirSync(`${toplevel}/kernel-modules/lib/modules/6.6.4${name.length}`, {
        recursive: true,
      });
      Deno.writeTextFileSync(`${toplevel}/nixos-version`, `24.05.${name}\n`);
      Deno.writeTextFileSync(`${toplevel}/initrd`, "");
      Deno.symlinkSync(`/nix/store/linux-${name}`, `${toplevel}/kernel`);
      Deno.writeTextFileSync(`${root}/nix/store/linux-${name}`, "");
    }
    for (const [number, name] of [[8, "a"], [9, "b"], [10, "a"]] as const) {
      Deno.symlinkSync(`/nix/store/${name}`, `${root}${PROFILES}/system-${number}-link`);
    }
    Deno.symlinkSync("system-9-link", `${root}${PROFILES}/system`);
    Deno.symlinkSync("/nix/store/gone", `${root}${PROFILES}/default-1-link`);
    Deno.symlinkSync("/nix/store/b", `${root}/run/current-system`);
    Deno.symlinkSync("/nix/store/a", `${root}/run/booted-system`);
    test(root);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("generations() lists a profile by number and says which is default, running, booted", () => {
  withGenerations((root) => {
    const ctx = testContext({ root });
    deepEqual(
      generations(ctx).map((one) => [
        one.number,
        one.toplevel,
        one.isDefault,
        one.isRunning,
        one.isBooted,
        one.nixosVersion,
        one.kernelVersion,
      ]),
      [
        [8, "/nix/store/a", false, false, true, "24.05.a", "6.6.41"],
        [9, "/nix/store/b", true, true, false, "24.05.b", "6.6.41"],
        [10, "/nix/store/a", false, false, true, "24.05.a", "6.6.41"],
      ],
    );
    equal(currentSystem(ctx), "/nix/store/b");
    equal(bootDefault(ctx), "/nix/store/b");
    equal(generationOf(ctx, "/nix/store/a"), 10);
    equal(runningOutsideProfile(ctx, generations(ctx)), undefined);
  });
});

Deno.test("generations() is empty on a machine that is no NixOS", () => {
  const root = Deno.makeTempDirSync();
  try {
    const ctx = testContext({ root });
    deepEqual(generations(ctx), []);
    equal(currentSystem(ctx), undefined);
    equal(bootDefault(ctx), undefined);
    equal(runningOutsideProfile(ctx, []), undefined);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
