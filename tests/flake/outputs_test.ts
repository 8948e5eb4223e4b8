import assert from "node:assert/strict";
import { hasCommand, hasNix, isRoot, need } from "../support/needs.ts";
import { gitEnvironment } from "../support/github/git_environment.ts";
import { copyOfFlake, nix, nixOutput, REPOSITORY, WITH_STAND_IN } from "./support.ts";

const SYSTEMS = ["aarch64-linux", "x86_64-linux"];
const THIS_SYSTEM = `${Deno.build.arch}-linux`;
const EXECUTABLES = [
  "system-installer",
  "smart-sync",
  "dev-update",
  "rebuild-helper",
  "validator",
].filter((name) => isFile(`${REPOSITORY}/cmd/${name}.ts`));

const hasGit = need(hasCommand("git"), "git is missing: the flake of a checkout is not evaluated");

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name: "flake.nix evaluates every output without impurity",
  ignore: !hasNix,
  fn: async () => {
    using flake = copyOfFlake();
    await nixOutput("nix", [
      "flake",
      "check",
      "--no-build",
      `path:${flake.path}`,
      ...WITH_STAND_IN,
    ]);
  },
});

Deno.test({
  name: "flake.nix lists packages, apps, checks, shell and formatter for both systems",
  ignore: !hasNix,
  fn: async () => {
    using flake = copyOfFlake();
    const shown = JSON.parse(
      await nixOutput("nix", [
        "flake",
        "show",
        "--json",
        `path:${flake.path}`,
        ...WITH_STAND_IN,
      ]),
    );
    for (const system of SYSTEMS) {
      assert.deepEqual(
        Object.keys(shown.packages[system]).sort(),
        ["default", "usb-kit", ...EXECUTABLES].sort(),
      );
      assert.deepEqual(Object.keys(shown.apps[system]).sort(), EXECUTABLES.toSorted());
      assert.deepEqual(Object.keys(shown.devShells[system]), ["default"]);
      assert.equal(shown.formatter[system].type, "derivation");
      for (const check of ["format", "lint", "types", "tests", "run", "module-enabled"]) {
        assert.equal(shown.checks[system][check].type, "derivation", `${check} on ${system}`);
      }
    }
    assert.equal(shown.checks["x86_64-linux"].vm.type, "derivation");
    assert.deepEqual(Object.keys(shown.nixosConfigurations), [
      "hypervisor-aarch64",
      "hypervisor-x86_64",
    ]);
    assert.equal(shown.nixosModules.default.type, "nixos-module");
    assert.equal(shown.overlays.default.type, "nixpkgs-overlay");
  },
});

Deno.test({
  name: "flake.nix builds its apps' programs and its generic host",
  ignore: !hasNix,
  fn: async () => {
    using flake = copyOfFlake();
    const build = (attribute: string) =>
      nixOutput("nix", [
        "build",
        "--no-link",
        `path:${flake.path}#${attribute}`,
        ...WITH_STAND_IN,
      ]);
    await build("default");
    for (const name of EXECUTABLES) {
      const program = await nixOutput("nix", [
        "eval",
        "--raw",
        `path:${flake.path}#apps.${THIS_SYSTEM}.${name}.program`,
        ...WITH_STAND_IN,
      ]);
      assert.ok((Deno.statSync(program).mode! & 0o111) !== 0, `${program} cannot be executed`);
      const wrapper = Deno.readTextFileSync(program);
      assert.match(wrapper, /HYPERVISOR_SOURCE='?\/nix\/store\/[^/]+-source/);
      assert.ok(wrapper.includes(`HYPERVISOR_EXECUTABLE='${program}'`), wrapper);
      for (const tool of ["curl", "jq", "git"]) {
        assert.match(wrapper, new RegExp(`PATH="[^"]*/nix/store/[^/]+-${tool}-[^/]*/bin`));
      }
      // nixpkgs' wrappers are Bash's.
      const refusals = [
        [['mkdir "$1/gone" && cd "$1/gone" && rmdir "$1/gone"'], 1, /was removed\n.*cd \//],
        // The stand-in of the program starts with little; what starts is not refused.
        [["ulimit -v 4000000"], 0, /^$/],
        [
          ["mount -t tmpfs tmpfs /proc", "unshare", "-m"],
          2,
          /\/proc is not mounted\n.*mount -t proc/,
        ],
      ] as const;
      for (const [[script, ...under], code, says] of refusals) {
        if (under.length > 0 && !isRoot) continue;
        const [command, ...args] = [...under, "bash", "-c", `${script} && exec bash "$2"`, "bash"];
        const refused = await new Deno.Command(command!, { args: [...args, flake.path, program] })
          .output();
        const stderr = new TextDecoder().decode(refused.stderr);
        assert.equal(refused.code, code, stderr);
        assert.match(stderr, says);
        assert.ok(code === 0 || stderr.includes(`[${name}] error: `), stderr);
      }
    }
    await build("nixosConfigurations.hypervisor-x86_64.config.system.build.toplevel");
  },
});

Deno.test({
  name: "flake.nix gives no installed machine without --impure, whatever HYPERVISOR_ROOT says",
  ignore: !hasNix,
  fn: async () => {
    using flake = copyOfFlake();
    const { stdout } = await nix("nix", [
      "eval",
      "--json",
      `path:${flake.path}#nixosConfigurations`,
      "--apply",
      "builtins.attrNames",
      ...WITH_STAND_IN,
    ], { HYPERVISOR_ROOT: "/nowhere" });
    assert.deepEqual(JSON.parse(stdout), ["hypervisor-aarch64", "hypervisor-x86_64"]);
  },
});

Deno.test({
  name: "flake.nix tells the tools the commit of a checkout, and none of a folder",
  ignore: !hasNix || !hasGit,
  fn: async () => {
    using flake = copyOfFlake();
    // A lock that differs from the committed one would be a change, and then Nix tells no commit.
    await nixOutput("nix", ["flake", "lock", `path:${flake.path}`, ...WITH_STAND_IN.slice(0, 3)]);
    const wrapper = async (url: string) => {
      const link = `${flake.path}/result`;
      await nixOutput("nix", ["build", "--out-link", link, `${url}#system-installer`]);
      return Deno.readTextFileSync(`${link}/bin/system-installer`);
    };
    assert.doesNotMatch(await wrapper(`path:${flake.path}`), /HYPERVISOR_SOURCE_COMMIT/);
    Deno.removeSync(`${flake.path}/result`);
    const git = (...args: string[]) =>
      new Deno.Command("git", { args, cwd: flake.path, env: gitEnvironment }).outputSync().stdout;
    git("init", "-q");
    git("add", ".");
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all");
    const commit = new TextDecoder().decode(git("rev-parse", "HEAD")).trim();
    assert.match(commit, /^[0-9a-f]{40}$/);
    assert.match(
      await wrapper(`git+file://${flake.path}`),
      new RegExp(`HYPERVISOR_SOURCE_COMMIT='?${commit}`),
    );
  },
});
