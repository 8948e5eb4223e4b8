/**
 * The module beside an owner who defines the same things otherwise: it never collides, the owner's single
 * values win, and what the module adds to lists is still there.
 */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { hasNix } from "../support/needs.ts";
import { nixOutput, NIXPKGS, REPOSITORY } from "./support.ts";

/** A result of module_collisions.nix. */
interface Collision {
  readonly option: string;
  readonly priority: number;
  readonly ours: unknown;
  readonly mkDefault: Beside | null;
  readonly plain: Beside | null;
}
interface Beside {
  readonly owner: unknown;
  readonly merged: unknown;
}

/** An installed machine that uses all that the module has. */
const EVERYTHING = `({ lib, pkgs, ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  system.stateVersion = "24.05";
  security.sudo.enable = true;
  # Takes the place of ours, so that the module falls back to nix.extraOptions.
  nix.settings.extra-experimental-features = lib.mkOverride 1100 "flakes";
  hypervisor = {
    enable = true;
    cpu.vendor = "intel";
    iommu.enable = true;
    operators = [ "olga" ];
    package = pkgs.hello;
    nix.substituters = [ "https://cache.example.org" ];
    nix.trustedPublicKeys = [ "cache.example.org-1:a" ];
    installed = { host = "vmhost"; searchPath = [ "nixpkgs=/channel" ]; flakeLink = true; };
  };
})`;

async function collisions(): Promise<Collision[]> {
  // HYPERVISOR_TEST_NIXPKGS: a whole nixpkgs in the place of the stand-in; HYPERVISOR_TEST_MODULE: what it
  // needs to evaluate where it is not complete.
  const nixpkgs = Deno.env.get("HYPERVISOR_TEST_NIXPKGS") ?? NIXPKGS;
  const more = Deno.env.get("HYPERVISOR_TEST_MODULE") ?? "";
  const expression = `import ${REPOSITORY}/tests/flake/module_collisions.nix {
    nixpkgs = ${nixpkgs};
    modules = [ ${EVERYTHING} ${more} ];
  }`;
  return JSON.parse(
    await nixOutput("nix-instantiate", ["--eval", "--strict", "--json", "--expr", expression]),
  );
}

Deno.test({
  name:
    "module yields with single values and adds with lists, beside mkDefault and plain definitions",
  ignore: !hasNix,
  fn: async () => {
    const all = await collisions();
    const insisting = all.filter(({ priority }) => priority < 100).map(({ option }) => option);
    assert.deepEqual(insisting, ["system.build.nixos-rebuild"]);
    for (const { option, priority, ours, mkDefault, plain } of all) {
      if (mkDefault === null || plain === null) continue;
      if (priority !== 100) {
        assert.equal(priority, 1200, option);
        assert.deepEqual(mkDefault.merged, mkDefault.owner, `${option} beside mkDefault`);
        assert.deepEqual(plain.merged, plain.owner, `${option} beside a plain definition`);
      } else if (Array.isArray(ours)) {
        assert.ok(contains(mkDefault.merged, ours), `${option} beside mkDefault`);
        assert.ok(contains(plain.merged, ours), `${option} beside a plain definition`);
        assert.ok((plain.merged as unknown[]).length >= 2 * ours.length, `${option} of the owner`);
      } else if (typeof ours === "string") {
        for (const { merged } of [mkDefault, plain]) {
          assert.ok(`${merged}\n`.includes(`${ours.trimEnd()}\n`), `${option} has lost ${ours}`);
        }
      } else assert.deepEqual(ours, {}, `${option} is a single value defined plainly`);
    }
    const options = all.map(({ option }) => option);
    for (
      const option of [
        "boot.kernelParams",
        "environment.systemPackages",
        "environment.etc.nixos/flake.nix.source",
        "nix.extraOptions",
        "nix.settings.fallback",
        "security.sudo.extraRules",
        "systemd.services.hypervisor-validator.serviceConfig.Nice",
        "systemd.tmpfiles.settings.hyper-nixos./var/lib/hyper-nixos.d.mode",
        "users.groups.libvirtd",
        "virtualisation.libvirtd.enable",
        "assertions",
      ]
    ) assert.ok(options.includes(option), `${option} is not among ${options.join(" ")}`);
  },
});

/** Whether a merged list has all of ours: texts as they are, sets by what ours says of them. */
function contains(merged: unknown, ours: readonly unknown[]): boolean {
  return ours.every((wanted) =>
    (merged as unknown[]).some((value) => isDeepStrictEqual(pick(value, wanted), wanted))
  );
}

function pick(value: unknown, like: unknown): unknown {
  if (Array.isArray(value) || Array.isArray(like)) return value;
  if (typeof value !== "object" || typeof like !== "object" || !value || !like) return value;
  return Object.fromEntries(
    Object.keys(like).map((name) => [name, (value as Record<string, unknown>)[name]]),
  );
}
