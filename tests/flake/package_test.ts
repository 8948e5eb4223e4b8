import assert from "node:assert/strict";
import { listIfExists } from "../../lib/machine/files/files.ts";
import { OFFLINE_NIX_CONFIG } from "../support/context.ts";
import { hasCommand, hasNix, isRoot, need } from "../support/needs.ts";
import { bundle } from "../../nix/bundle.ts";
import { toolNames, toolScripts } from "../../nix/compile.ts";
import { nixHash, recordedHash, stripNpmFolder } from "../../nix/npm_dependencies.ts";
import { canStartKits, inRoot, nixosLikeRoot } from "./nixos_like_root.ts";
import { addNpmPackages, npmFolderFromCache } from "./npm_store.ts";
import {
  copyOfFlake,
  nix,
  nixOutput,
  REPOSITORY,
  scratchFolder,
  WITH_STAND_IN,
} from "./support.ts";

/** Runs a Nix command where there is no network; who is not root cannot take it away, and trusts Nix. */
async function withoutNetwork(command: readonly string[], env: Readonly<Record<string, string>>) {
  const all = isRoot && hasCommand("unshare") ? ["unshare", "-n", "--", ...command] : command;
  const { code, stderr } = await new Deno.Command(all[0]!, {
    args: all.slice(1),
    cwd: "/",
    env: { NIX_CONFIG: OFFLINE_NIX_CONFIG, ...env },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("stripNpmFolder() removes registry.json and the folders that are empty then", () => {
  using folder = scratchFolder();
  const npm = `${folder.path}/npm`;
  for (
    const path of ["a/1.0.0/x", "@s/b/2.0.0/dist/y", "@s/b/registry.json", "gone/registry.json"]
  ) {
    Deno.mkdirSync(`${npm}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${npm}/${path}`, "");
  }
  stripNpmFolder(npm);
  const list = (path: string): string[] =>
    [...Deno.readDirSync(path)].flatMap((entry) => {
      const inner = `${path}/${entry.name}`;
      return entry.isDirectory ? list(inner) : [inner.slice(npm.length + 1)];
    });
  assert.deepEqual(list(npm).sort(), ["@s/b/2.0.0/dist/y", "a/1.0.0/x"]);
  assert.deepEqual([...Deno.readDirSync(npm)].map((entry) => entry.name).sort(), ["@s", "a"]);
});

Deno.test({
  name:
    "npm_dependencies.json agrees with deno.lock (else run: deno run -A nix/npm_dependencies.ts)",
  ignore: !hasNix,
  fn: async () => {
    using folder = scratchFolder();
    const npm = `${folder.path}/npm`;
    await npmFolderFromCache(npm);
    assert.equal(nixHash(npm), recordedHash());
  },
});

/** The esbuild that `deno bundle` has downloaded, now if it never did before. */
async function esbuildOfDeno(work: string): Promise<string | undefined> {
  try {
    bundle(toolScripts(["validator"]), work);
  } catch {
    // Without a network it cannot.
  }
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const folder = `${JSON.parse(new TextDecoder().decode(stdout)).denoDir}/dl`;
  for (const version of listIfExists(folder).filter((name) => name.startsWith("esbuild-"))) {
    for (const name of listIfExists(`${folder}/${version}`)) return `${folder}/${version}/${name}`;
  }
  return undefined;
}

const compiler = Deno.env.get("DENO_COMPILE");
const runtime = Deno.env.get("DENORT_BIN");
const hasDenort = need(
  compiler !== undefined && runtime !== undefined,
  "DENO_COMPILE and DENORT_BIN are not set: Nix compiles no executable",
);

Deno.test({
  name:
    "package.nix compiles without network; the wrapped executable runs, and the kit starts as on NixOS",
  ignore: !hasNix || !hasDenort,
  fn: async () => {
    using flake = copyOfFlake();
    using folder = scratchFolder();
    const env: Record<string, string> = {};
    const esbuild = await esbuildOfDeno(`${folder.path}/bundle`);
    need(esbuild !== undefined, "Deno cannot get its esbuild: Nix bundles no executable");
    const programs = { STANDIN_DENO: compiler, STANDIN_DENORT: runtime, STANDIN_ESBUILD: esbuild };
    for (const [name, from] of Object.entries(programs)) {
      if (from === undefined) continue;
      env[name] = `${folder.path}/${name}`;
      Deno.copyFileSync(Deno.realPathSync(from), env[name]);
      Deno.chmodSync(env[name], 0o755);
    }
    Deno.chmodSync(folder.path, 0o755);
    await addNpmPackages();

    const result = `${folder.path}/result`;
    const { code: built, stderr: log } = await withoutNetwork([
      ...["nix", "build", "--print-build-logs", "--impure", "--out-link", result],
      ...[`path:${flake.path}#system-installer`, ...WITH_STAND_IN],
    ], env);
    assert.equal(built, 0, log);
    assert.match(log, /compiled\/system-installer +\d+\.\d MiB/);
    if (esbuild !== undefined) assert.doesNotMatch(log, /not bundled/);
    const { code, stdout, stderr } = await new Deno.Command(`${result}/bin/system-installer`, {
      args: ["--version"],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const { version } = JSON.parse(Deno.readTextFileSync(`${REPOSITORY}/deno.json`));
    assert.equal(new TextDecoder().decode(stdout), `system-installer ${version}\n`);
    const page = Deno.readTextFileSync(`${result}/share/man/man8/system-installer.8`);
    assert.match(page, /^\.TH SYSTEM-INSTALLER 8/);

    const plan = JSON.parse(
      await nixOutput("nix", [
        ...["run", "--impure", `path:${flake.path}#system-installer`, ...WITH_STAND_IN],
        ...["--", "--fast", "--dry-run", "--json"],
      ], env),
    );
    assert.equal(plan.source.foundBy, "HYPERVISOR_SOURCE");
    assert.match(plan.source.path, /^\/nix\/store\/[^/]+-source$/);

    const kit = `${folder.path}/kit`;
    await nixOutput("nix", [
      "build",
      "--impure",
      "--out-link",
      kit,
      `path:${flake.path}#usb-kit`,
      ...WITH_STAND_IN,
    ], env);
    for (const path of ["system-installer", "README.txt", "SHA256SUMS", "source/nix/host.nix"]) {
      assert.ok(Deno.statSync(`${kit}/${path}`).isFile, path);
    }
    if (!canStartKits) return;
    const root = `${folder.path}/root`;
    nixosLikeRoot(root);
    for (const name of toolNames()) {
      const started = inRoot(root, kit, "", ["/bin/sh", `/mnt/${name}`, "--version"]);
      assert.deepEqual(started, { code: 0, stdout: `${name} ${version}\n`, stderr: "" });
    }
  },
});

Deno.test({
  name: "package.nix says what is missing from a nixpkgs without denort",
  ignore: !hasNix,
  fn: async () => {
    const { code, stderr } = await nix("nix-instantiate", [
      "--eval",
      "--expr",
      `let
        pkgs = import ${REPOSITORY}/tests/support/nixpkgs {
          system = "x86_64-linux";
          overlays = [ (final: prev: { deno = removeAttrs prev.deno [ "denort" ]; }) ];
        };
      in (import ${REPOSITORY}/nix/packages.nix { inherit pkgs; source = ./.; }).system-installer.drvPath`,
    ]);
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /this nixpkgs has no deno\.denort, which compiling system-installer needs/,
    );
  },
});
