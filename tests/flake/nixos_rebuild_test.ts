/** The nixos-rebuild of an installed machine: what it makes of its arguments, and where the module puts it. */
import assert from "node:assert/strict";
import { hasCommand, hasNix, isRoot, need } from "../support/needs.ts";
import { evaluateModule, nixOutput, NIXPKGS, REPOSITORY, scratchFolder } from "./support.ts";

const SCRIPT = `${REPOSITORY}/nix/module/nixos_rebuild.sh`;
const SEARCH_PATH = "nixpkgs=/channels/nixos:nixos-config=/etc/nixos/configuration.nix:/channels";
const OURS = ["--impure", "--flake", "path:/etc/hypervisor/src#vmhost"];

const hasBash = need(
  hasCommand("bash") && hasCommand("jq"),
  "bash or jq is not installed: the module's nixos-rebuild is not tried",
);

/** What NixOS's own nixos-rebuild was started with, and which channels were updated before. */
interface Started {
  readonly args: readonly string[];
  readonly nixPath: string;
  readonly sudoUid: string;
  readonly reexec: string;
  readonly updated: readonly string[];
}

interface Machine {
  /** "" where the owner's configuration is a flake's. */
  readonly searchPath?: string;
  readonly checkout?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** host.json, where there is one. */
  readonly record?: unknown;
  /** The copy of the hardware file, `{ }`, where its host is that of a published tree. */
  readonly published?: string;
}

/** Runs the script with a NixOS's own that only records. */
async function run(args: readonly string[], machine: Machine = {}): Promise<Started> {
  using folder = scratchFolder();
  const { path } = folder;
  const write = (name: string, text: string) =>
    Deno.writeTextFileSync(`${path}/${name}`, text, { mode: 0o755 });
  write(
    "stock",
    `#!/usr/bin/env bash
printf '%s\\0' "$NIX_PATH" "\${SUDO_UID-}" "\${_NIXOS_REBUILD_REEXEC-}" "$@" > ${path}/started\n`,
  );
  write("nix-channel", `#!/bin/sh\necho "$*" >> ${path}/updated\n`);
  for (const channel of ["home-manager", "nixos", "own"]) {
    Deno.mkdirSync(`${path}/channels/${channel}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${path}/channels/own/.update-on-nixos-rebuild`, "");
  const { searchPath = SEARCH_PATH, checkout = "", env = {}, record, published } = machine;
  const flake = published
    ? `folder=${path}/host flake_arguments=(--override-input tree path:/etc/hypervisor/src)\n` +
      `hardware=${path}/hardware-configuration.nix`
    : "folder=/etc/hypervisor/src flake_arguments=(--impure) hardware=";
  if (published) {
    Deno.mkdirSync(`${path}/host`);
    Deno.writeTextFileSync(`${path}/hardware-configuration.nix`, "{ }\n");
    Deno.writeTextFileSync(`${path}/host/hardware-configuration.nix`, published);
  }
  if (record !== undefined) {
    Deno.writeTextFileSync(`${path}/host.json`, JSON.stringify(record, null, 2));
  }
  write(
    "nixos-rebuild",
    `#!/usr/bin/env bash
stock=${path}/stock nix=${path} coreutils=$(dirname "$(command -v stat)") channels=${path}/channels
jq=$(dirname "$(command -v jq)") record=${path}/host.json
host=vmhost search_path=${searchPath} checkout=${checkout}
${flake}
. ${SCRIPT}\n`,
  );
  const { code, stderr } = await new Deno.Command(`${path}/nixos-rebuild`, {
    args: [...args],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, NIX_PATH: "caller", ...env },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const [nixPath, sudoUid, reexec, ...rest] = Deno.readTextFileSync(`${path}/started`).split("\0");
  const updated = await Deno.readTextFile(`${path}/updated`).catch(() => "");
  return {
    args: rest.slice(0, -1),
    nixPath: nixPath!,
    sudoUid: sudoUid!,
    reexec: reexec!,
    updated: updated.split("\n").slice(0, -1),
  };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `nixos-rebuild ${name}`, ignore: !hasBash, fn });
}

test("builds this host where nothing else is named, whatever its options take", async () => {
  for (
    const args of [
      ["switch"],
      ["boot", "--install-bootloader"],
      ["--fast", "test", "--specialisation", "build"],
      ["switch", "-p", "list-generations", "-c", "edit"],
      ["build", "--build-host", "builder.example.org", "--target-host", ""],
      ["dry-build", "--option", "flake", "--flake", "-j4", "--max-jobs", "-f"],
      ["dry-activate", "--override-input", "--flake", "-f", "--update-input", "-A"],
      ["build-vm", "--builders", "-I", "--log-format", "--rollback", "--cores", "--help"],
      ["build-image", "--image-variant", "--file", "--elevate", "--no-flake", "--elevate=run0"],
      ["repl", "-L", "-vvv", "--show-trace", "--max-jobs=3", "-pother"],
      ["switch", "--an-option-of-the-future"],
    ]
  ) {
    const started = await run(args);
    assert.deepEqual(started.args, [...args, ...OURS]);
    assert.equal(started.nixPath, SEARCH_PATH);
    assert.deepEqual(started.updated, []);
  }
  const pure = await run(["switch", "--impure"]);
  assert.deepEqual(pure.args, ["switch", ...OURS]);
});

test("builds the host of a published tree with the tree as it is now, and not impurely", async () => {
  const machine = { searchPath: "", published: "{ }\n" } as const;
  const built = async (args: readonly string[], more = {}) => {
    const started = await run(args, { ...machine, ...more });
    return started.args.map((arg) => arg.replace(/^path:.*\/host#/, "path:HOST#"));
  };
  const tree = ["--override-input", "tree", "path:/etc/hypervisor/src"];
  const theirs = [...tree, "--flake", "path:HOST#vmhost"];
  assert.deepEqual(
    await built(["switch", "--profile-name", "test", "-k"]),
    ["switch", "--profile-name", "test", "--keep-going", ...theirs],
  );
  const elsewhere = ["switch", "--target-host", "root@other"];
  assert.deepEqual(await built(elsewhere), elsewhere);
  const record = { hostName: "renamed", base: null };
  assert.equal((await built(["boot"], { record })).at(-1), "path:HOST#renamed");
  const other = { published: "{ } # the old disks\n" };
  await assert.rejects(
    built(["switch"], other),
    /hardware-configuration\.nix is not what this host is built with: .*cp /s,
  );
  assert.deepEqual(await built(["switch", "--rollback"], other), ["switch", "--rollback"]);
});

test("is NixOS's own where a flake, file, attribute or store path is named", async () => {
  for (
    const args of [
      ["switch", "--flake", "/home/alice/nix#vmhost"],
      // As rebuild-helper does it, which sets the environment by itself.
      ["build", "--flake", "path:/etc/hypervisor/src#vmhost", "--impure"],
      ["switch", "--flake=.#vmhost"],
      ["switch", "-F", "github:alice/nix"],
      ["--flake"],
      ["switch", "--flake", "--impure"],
      ["switch", "--no-flake", "-I", "nixpkgs=/mine", "--upgrade"],
      ["build", "-f", "./machines.nix", "-A", "vmhost"],
      ["build", "-f./machines.nix"],
      ["build", "--attr=vmhost"],
      ["switch", "--store-path", "/nix/store/1-nixos-system"],
      ["list-generations", "--json"],
      ["--help"],
      ["switch", "-h"],
      [],
    ]
  ) {
    const started = await run(args);
    assert.deepEqual(started.args, args);
    assert.deepEqual([started.nixPath, started.updated], ["caller", []]);
  }
});

test("leaves another machine to the owner's configuration, not to the link in /etc/nixos", async () => {
  const args = ["switch", "--target-host", "root@other"];
  assert.deepEqual((await run(args)).args, [...args, "--no-flake"]);
  assert.deepEqual((await run(args, { searchPath: "" })).args, args);
  assert.deepEqual((await run(["switch", "--target-host=other"])).args.at(-1), "--no-flake");
});

test("goes back without evaluating anything", async () => {
  const { args, reexec, updated } = await run(["switch", "--rollback", "--upgrade"]);
  assert.deepEqual([args, reexec, updated], [["switch", "--rollback", "--upgrade"], "1", []]);
});

test("edits the owner's configuration", async () => {
  const channel = await run(["edit"]);
  assert.deepEqual([channel.args, channel.nixPath], [["edit", "--no-flake"], SEARCH_PATH]);
  const flake = await run(["edit"], { searchPath: "" });
  assert.deepEqual([flake.args, flake.nixPath], [["edit"], "caller"]);
});

test("puts each -I before the channels' NIX_PATH, in order", async () => {
  const { args, nixPath } = await run(
    ["-I", "nixpkgs=/mine", "switch", "-Ihome=/home", "--include", "/more", "--include=/last"],
  );
  assert.deepEqual(args, ["switch", ...OURS]);
  assert.equal(nixPath, `nixpkgs=/mine:home=/home:/more:/last:${SEARCH_PATH}`);
  const flake = await run(["switch", "-I", "a=/b"], { searchPath: "" });
  assert.deepEqual(flake.args, ["switch", "-I", "a=/b", ...OURS]);
  assert.equal(flake.nixPath, "caller");
});

test("updates the channels that NixOS's own would, before it builds", async () => {
  const some = await run(["switch", "--upgrade"]);
  assert.deepEqual(some.args, ["switch", ...OURS]);
  assert.deepEqual(some.updated, ["--update nixos", "--update own"]);
  const all = await run(["boot", "--upgrade-all", "--upgrade"]);
  assert.deepEqual(all.updated, ["--update home-manager", "--update nixos", "--update own"]);
  const flake = await run(["switch", "--upgrade"], { searchPath: "" });
  assert.deepEqual(flake.args, ["switch", "--upgrade", ...OURS]);
  assert.deepEqual(flake.updated, []);
});

test("hands on what builds of flakes know of the options of other builds", async () => {
  // What system.autoUpgrade says.
  const { args } = await run(["switch", "--no-build-output", "--upgrade"]);
  assert.deepEqual(args, ["switch", ...OURS]);
  const short = await run(["build", "-Q", "-k", "-K"]);
  assert.deepEqual(short.args, ["build", "--keep-going", "--keep-failed", ...OURS]);
});

test("started again by another nixos-rebuild says nothing twice", async () => {
  const first = await run(["switch", "-I", "a=/b", "--upgrade"]);
  const env = { _NIXOS_REBUILD_REEXEC: "1", NIX_PATH: first.nixPath };
  const again = await run(first.args, { env });
  assert.deepEqual([again.args, again.nixPath], [first.args, first.nixPath]);
  // By NixOS's own, as an earlier version of the toolkit left it; or the variable is the caller's.
  const other = await run(["switch", "--upgrade"], { env });
  assert.deepEqual([other.args, other.updated], [["switch", ...OURS], []]);
});

test("builds what host.json names now, not what it named when this generation was built", async () => {
  const renamed = { version: 2, hostName: "other", system: "x86_64-linux", tools: null };
  const flake = { kind: "flake", url: "git+file:///home/a/nix", host: "a" };
  const { args, nixPath } = await run(["switch"], { record: { ...renamed, base: flake } });
  assert.deepEqual(args.at(-1), "path:/etc/hypervisor/src#other");
  assert.equal(nixPath, "caller");
  const channel = { kind: "channel", configuration: "/c.nix", searchPath: ["nixpkgs=/n", "/m"] };
  const moved = await run(["switch"], { searchPath: "", record: { ...renamed, base: channel } });
  assert.equal(moved.nixPath, "nixpkgs=/n:/m");
  for (const record of [{ ...renamed, base: null }, { ...renamed, version: 1 }]) {
    assert.equal((await run(["switch"], { record })).args.at(-1), "path:/etc/hypervisor/src#other");
  }
  // One that says nothing changes nothing.
  assert.deepEqual((await run(["switch"], { record: "broken" })).args, ["switch", ...OURS]);
});

Deno.test({
  name: "nixos-rebuild lets root's git read the checkout of the owner's flake",
  ignore: !hasBash || !isRoot,
  fn: async () => {
    using folder = scratchFolder();
    Deno.chownSync(folder.path, 1000, 100);
    const machine = { searchPath: "", checkout: folder.path };
    assert.equal((await run(["switch"], machine)).sudoUid, "1000");
    const record = { hostName: "vmhost", base: { checkout: folder.path } };
    assert.equal((await run(["switch"], { record })).sudoUid, "1000");
    // Through somebody else's sudo as well.
    assert.equal(
      (await run(["switch"], { ...machine, env: { SUDO_UID: "1001" } })).sudoUid,
      "1000",
    );
    Deno.chownSync(folder.path, 0, 0);
    assert.equal(
      (await run(["switch"], { ...machine, env: { SUDO_UID: "1001" } })).sudoUid,
      "1001",
    );
    assert.equal((await run(["switch"], { searchPath: "", checkout: "/nowhere" })).sudoUid, "");
  },
});

const INSTALLED = `{
  hypervisor.enable = true;
  hypervisor.installed.host = "vmhost";
  hypervisor.installed.searchPath = [ "nixpkgs=/channels/nixos" "/channels" ];
}`;

Deno.test({
  name: "module puts its nixos-rebuild on PATH and into system.build, over NixOS's own",
  ignore: !hasNix,
  fn: async () => {
    const expression = `
      (import ${NIXPKGS}/nixos/lib/eval-config.nix {
        system = "x86_64-linux";
        modules = [ ${REPOSITORY}/nix/module ${INSTALLED} {
          boot.loader.grub.device = "/dev/vda";
          fileSystems."/".device = "/dev/vda1";
        } ];
      }).config.system`;
    using folder = scratchFolder();
    const build = async (attribute: string) =>
      await nixOutput("nix-build", [
        "--out-link",
        `${folder.path}/${attribute}`,
        "--expr",
        `${expression}.${attribute}`,
      ]);
    const wrapper = `${await build("build.nixos-rebuild")}/bin/nixos-rebuild`;
    const onPath = `${await build("path")}/bin/nixos-rebuild`;
    assert.equal(Deno.realPathSync(onPath), Deno.realPathSync(wrapper));
    const text = Deno.readTextFileSync(wrapper);
    assert.match(text, /^host='?vmhost'?$/m);
    assert.match(text, /^search_path='?nixpkgs=\/channels\/nixos:\/channels'?$/m);
    assert.match(text, /^checkout=''$/m);
    // It runs, and ends in NixOS's own.
    const { stdout } = await new Deno.Command(wrapper, { args: ["switch"] }).output();
    assert.equal(new TextDecoder().decode(stdout), "stand-in for nixos-rebuild\n");
  },
});

Deno.test({
  name: "module leaves nixos-rebuild alone in somebody's own flake, and to an owner who insists",
  ignore: !hasNix,
  fn: async () => {
    const read = `let
        inherit (nixos.config.system.build) nixos-rebuild;
        isStock = nixos-rebuild == nixos.pkgs.nixos-rebuild;
        isHello = nixos-rebuild == nixos.pkgs.hello;
        onPath = lib.filter (p: p.name or "" == "nixos-rebuild") nixos.config.environment.systemPackages;
      in [ isStock isHello (builtins.length onPath) ]`;
    const of = (modules: string) => evaluateModule(modules, read);
    assert.deepEqual(await of("{ hypervisor.enable = true; }"), [true, false, 0]);
    assert.deepEqual(await of(INSTALLED), [false, false, 1]);
    const insists =
      `({ lib, pkgs, ... }: { system.build.nixos-rebuild = lib.mkForce pkgs.hello; })`;
    assert.deepEqual(await of(`${INSTALLED} ${insists}`), [false, true, 1]);
    const bare = "{ system.disableInstallerTools = true; }";
    assert.deepEqual(await of(`${INSTALLED} ${bare}`), [false, false, 0]);
  },
});
