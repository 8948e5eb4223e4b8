import assert from "node:assert/strict";
import { setInterpreter } from "../../nix/elf.ts";
import { makeKit } from "../../nix/usb_kit.ts";
import { canCompile, compileTool } from "../support/compile.ts";
import { hasCommand, hasNix, isRoot, need } from "../support/needs.ts";
import { OFFLINE_NIX_CONFIG } from "../support/context.ts";
import { canStartKits, inRoot, nixosLikeRoot, run } from "./nixos_like_root.ts";
import { nix, scratchFolder, WITH_STAND_IN } from "./support.ts";

const canMount = isRoot &&
  need(hasCommand("unshare"), "unshare is missing: no launcher is started");
/** Starts a launcher with a /run of its own. */
const OWN_RUN = 'mount -t tmpfs tmpfs /run && exec /bin/sh "$0" "$@"';

Deno.test({
  name: "the USB kit starts from a read-only, noexec stick where glibc is elsewhere",
  ignore: !canCompile || !canStartKits,
  fn: async () => {
    using scratch = scratchFolder();
    Deno.chmodSync(scratch.path, 0o755);
    const [root, kit, from] = ["root", "kit", "from"].map((name) => `${scratch.path}/${name}`) as [
      string,
      string,
      string,
    ];
    Deno.mkdirSync(`${from}/x86_64-linux`, { recursive: true });
    Deno.copyFileSync(
      await compileTool("system-installer"),
      `${from}/x86_64-linux/system-installer`,
    );
    await makeKit({ folder: kit, executables: from, report: () => {} });
    // As a FAT stick shows them.
    Deno.chmodSync(`${kit}/system-installer`, 0o644);
    Deno.chmodSync(`${kit}/bin/x86_64-linux/system-installer`, 0o644);
    nixosLikeRoot(root);
    const start = ["/bin/sh", "/mnt/system-installer", "--version"];
    const version = /^system-installer \d/;

    const asRoot = inRoot(root, kit, "", start);
    assert.deepEqual([asRoot.code, asRoot.stderr], [0, ""]);
    assert.match(asRoot.stdout, version);
    assert.equal(
      Deno.readLinkSync(`${root}/run/hypervisor/ld.so`),
      "/run/current-system/sw/lib/ld-linux-x86-64.so.2",
    );

    const other = ["/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...start];
    const asOther = inRoot(root, kit, "", other);
    assert.deepEqual([asOther.code, asOther.stderr], [0, ""]);
    assert.match(asOther.stdout, version);
    assert.deepEqual([...Deno.readDirSync(`${root}/tmp`)], [], "its copy is gone");

    const noexec = inRoot(root, kit, "mount -t tmpfs -o noexec tmpfs run/hypervisor", start);
    assert.deepEqual([noexec.code, noexec.stderr], [0, ""]);
    assert.match(noexec.stdout, version);

    const without = inRoot(root, kit, "mount -t tmpfs tmpfs run/current-system", start);
    assert.equal(without.code, 0, "the loader that started the machine's sed is taken");

    Deno.removeSync(`${root}/run/hypervisor`, { recursive: true });
    Deno.mkdirSync(`${root}/run/hypervisor`);
    Deno.chownSync(`${root}/run/hypervisor`, 65534, 65534);
    const foreign = inRoot(root, kit, "", start);
    assert.equal(foreign.code, 3);
    assert.match(foreign.stderr, /not root's own folder/);

    const sums = inRoot(root, kit, "", [
      "/bin/sh",
      "-c",
      "cd /mnt && sha256sum --check --quiet SHA256SUMS",
    ]);
    assert.deepEqual([sums.code, sums.stdout], [0, ""]);
  },
});

Deno.test("the USB kit's launcher hands the source on, and the tool's exit code back", {
  ignore: !canMount,
}, async () => {
  using scratch = scratchFolder();
  const from = `${scratch.path}/from/${Deno.build.arch}-linux`;
  Deno.mkdirSync(from, { recursive: true });
  // A tool that shows its environment.
  Deno.copyFileSync("/usr/bin/env", `${from}/validator`);
  const kit = `${scratch.path}/kit`;
  await makeKit({ folder: kit, executables: `${scratch.path}/from`, report: () => {} });
  const start = (folder: string, args: readonly string[] = []) => {
    const { code, stdout, stderr } = new Deno.Command("unshare", {
      args: ["-m", "--", "/bin/sh", "-c", OWN_RUN, `${folder}/validator`, ...args],
      clearEnv: true,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", NIX_CONFIG: "cores = 2" },
    }).outputSync();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  };
  const plain = start(kit);
  assert.equal(plain.code, 0, plain.stderr);
  assert.ok(plain.stdout.includes(`HYPERVISOR_SOURCE=${kit}/source\n`), plain.stdout);
  // The copy that runs is gone afterwards: it must not be what a sudo line names.
  assert.ok(plain.stdout.includes(`HYPERVISOR_LAUNCHER=${kit}/validator\n`), plain.stdout);
  assert.match(plain.stdout, /^NIX_CONFIG=cores = 2$/m, "the tool itself finds a cache");
  assert.equal(start(kit, ["sh", "-c", "exit 6"]).code, 6);

  Deno.renameSync(kit, `${scratch.path}/my kit`);
  const spaced = start(`${scratch.path}/my kit`);
  assert.equal(spaced.code, 0, spaced.stderr);
  assert.ok(spaced.stdout.includes(`HYPERVISOR_SOURCE=${scratch.path}/my kit/source\n`));

  const refused = (script: string) => {
    const { code, stderr } = new Deno.Command("unshare", {
      args: ["-m", "--", "bash", "-c", `${script} && exec "$2"`, "bash", scratch.path]
        .concat(`${scratch.path}/my kit/validator`),
    }).outputSync();
    // The shell itself says what its folder is missing for.
    return [code, new TextDecoder().decode(stderr).replace(/^sh: .*\n/, "")];
  };
  assert.deepEqual(refused('mkdir "$1/gone" && cd "$1/gone" && rmdir "$1/gone"'), [
    1,
    "[validator] error: the folder that you are in was removed: cd / first\n",
  ]);
  assert.deepEqual(refused("mount -t tmpfs tmpfs /proc"), [
    2,
    "[validator] error: /proc is not mounted: mount -t proc proc /proc first\n",
  ]);
});

Deno.test({
  name: "--with-system adds a signed cache from which another store takes the whole system",
  ignore: !hasNix || !isRoot,
  fn: async () => {
    using scratch = scratchFolder();
    const kit = `${scratch.path}/kit`;
    // The cache does not look at the executables: any will do.
    Deno.mkdirSync(`${scratch.path}/any/x86_64-linux`, { recursive: true });
    Deno.copyFileSync("/bin/sh", `${scratch.path}/any/x86_64-linux/system-installer`);
    const before = Deno.env.get("NIX_CONFIG");
    Deno.env.set("NIX_CONFIG", OFFLINE_NIX_CONFIG);
    try {
      await makeKit({
        folder: kit,
        executables: `${scratch.path}/any`,
        system: "hypervisor-x86_64",
        nixOptions: WITH_STAND_IN,
        report: () => {},
      });
    } finally {
      if (before === undefined) Deno.env.delete("NIX_CONFIG");
      else Deno.env.set("NIX_CONFIG", before);
    }
    const paths = [...Deno.readDirSync(`${kit}/cache`)].filter(({ name }) =>
      name.endsWith(".narinfo")
    ).map(({ name }) =>
      /^StorePath: (.+)$/m.exec(Deno.readTextFileSync(`${kit}/cache/${name}`))![1]!
    );
    const system = paths.find((path) => /-nixos-system-/.test(path));
    assert.ok(system, paths.join("\n"));
    assert.ok(paths.some((path) => path.endsWith("-source")), "the flake's inputs");
    const take = (store: string, key: string) =>
      nix("nix-store", ["--realise", system, "--store", `${scratch.path}/${store}`], {
        NIX_CONFIG: `substituters = file://${kit}/cache?priority=1
trusted-public-keys = ${key}
extra-experimental-features = nix-command flakes`,
      });
    const signed = await take("signed", Deno.readTextFileSync(`${kit}/cache/public-key`).trim());
    assert.equal(signed.code, 0, signed.stderr);
    assert.ok(Deno.lstatSync(`${scratch.path}/signed${system}`).isDirectory);
    const stranger = `hyper-nixos-usb-kit-1:${"A".repeat(43)}=`;
    const refused = await take("unsigned", stranger);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /is not signed by any of the keys/);
    run("chmod", ["-R", "u+w", scratch.path]);
  },
});

Deno.test({
  name: "--with-plan refuses a file that is no plan",
  ignore: !hasNix || !isRoot,
  fn: async () => {
    using scratch = scratchFolder();
    const file = `${scratch.path}/host.plan`;
    Deno.mkdirSync(`${scratch.path}/any/x86_64-linux`, { recursive: true });
    Deno.copyFileSync("/bin/sh", `${scratch.path}/any/x86_64-linux/system-installer`);
    const made = (kit: string) =>
      makeKit({
        folder: `${scratch.path}/${kit}`,
        executables: `${scratch.path}/any`,
        plan: file,
        report: () => {},
      });
    Deno.writeTextFileSync(file, "not compressed\n");
    await assert.rejects(made("one"), /host\.plan cannot be read/);
    // An export of nothing: a 64-bit zero.
    const nothing = new Blob([new Uint8Array(8)]).stream();
    const compressed = nothing.pipeThrough(new CompressionStream("gzip"));
    Deno.writeFileSync(file, await new Response(compressed).bytes());
    await assert.rejects(made("two"), /host\.plan is no plan of a system/);
  },
});

Deno.test("setInterpreter() refuses a name that does not fit, and a file without a loader", () => {
  const bytes = Deno.readFileSync("/bin/sh");
  const before = bytes.slice();
  assert.throws(() => setInterpreter(bytes, `/${"x".repeat(4096)}`), /too long/);
  assert.deepEqual(bytes, before);
  // e_phnum: no program header, so no loader.
  bytes.fill(0, 56, 58);
  assert.throws(() => setInterpreter(bytes, "/ld"), /names no loader/);
});
