import { deepEqual, doesNotThrow, throws } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { needsRebootFor, requireSystem } from "../../../lib/nix/store/system_closure.ts";
import { testContext } from "../../support/context.ts";

const BOOTED = "/nix/store/aaaa-nixos-system-vm-24.05";
const NEW = "/nix/store/bbbb-nixos-system-vm-24.11";

/** A machine with these files, and with these links. */
function withMachine(
  files: readonly string[],
  links: Readonly<Record<string, string>>,
  test: (ctx: ReturnType<typeof testContext>) => void,
) {
  const root = Deno.makeTempDirSync({ prefix: "closure-" });
  const parent = (path: string) => path.replace(/\/[^/]*$/, "");
  try {
    for (const file of files) {
      Deno.mkdirSync(root + parent(file), { recursive: true });
      Deno.writeTextFileSync(root + file, "");
    }
    for (const [link, to] of Object.entries(links)) {
      Deno.mkdirSync(root + parent(link), { recursive: true });
      Deno.symlinkSync(to, root + link);
    }
    test(testContext({ root }));
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("requireSystem() names what a store path lacks to be a system", () => {
  const files = [`${NEW}/bin/switch-to-configuration`, `${NEW}/nixos-version`];
  withMachine(files, {}, (ctx) => doesNotThrow(() => requireSystem(ctx, NEW)));
  withMachine(files.slice(1), {}, (ctx) =>
    throws(() => requireSystem(ctx, NEW), {
      code: ExitCode.Configuration,
      message: `${NEW} is not a complete NixOS system: bin/switch-to-configuration missing`,
    }));
  // A link whose store path was collected.
  withMachine(
    [],
    { [`${NEW}/bin/switch-to-configuration`]: "/nix/store/gone/bin/x" },
    (ctx) =>
      throws(() => requireSystem(ctx, NEW), /bin\/switch-to-configuration, nixos-version missing/),
  );
});

Deno.test("needsRebootFor() names what only a boot brings, by what the links lead to", () => {
  const store = (name: string) => `/nix/store/${name}`;
  const parts = (system: string, [kernel, initrd, modules]: readonly string[]) => ({
    [`${system}/kernel`]: store(kernel!),
    [`${system}/initrd`]: store(initrd!),
    [`${system}/kernel-modules`]: store(modules!),
  });
  const all = ["k1/bzImage", "k2/bzImage", "i1/initrd", "i2/initrd", "m1/x", "m2/x"].map(store);
  const old = ["k1/bzImage", "i1/initrd", "m1"];
  const needs = (now: readonly string[], links: Record<string, string> = {}) => {
    let found: string[] = [];
    const booted = { "/run/booted-system": BOOTED, ...links };
    withMachine(all, { ...parts(BOOTED, old), ...parts(NEW, now), ...booted }, (ctx) => {
      found = needsRebootFor(ctx, NEW);
    });
    return found;
  };
  deepEqual(needs(old), []);
  deepEqual(needs(["k2/bzImage", "i2/initrd", "m2"]), ["kernel", "initrd", "kernel-modules"]);
  deepEqual(needs(["k1/bzImage", "i2/initrd", "m1"]), ["initrd"]);
  // A kernel that was collected meanwhile is no kernel to boot.
  deepEqual(needs(["gone/bzImage", "i1/initrd", "m1"]), []);
});

Deno.test("needsRebootFor() is silent where nothing was booted, and of a container, which has no kernel", () => {
  withMachine([`${NEW}/nixos-version`], {}, (ctx) => deepEqual(needsRebootFor(ctx, NEW), []));
  const files = [`${NEW}/nixos-version`, `${BOOTED}/nixos-version`];
  withMachine(
    files,
    { "/run/booted-system": BOOTED },
    (ctx) => deepEqual(needsRebootFor(ctx, NEW), []),
  );
});
