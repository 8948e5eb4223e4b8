/** rebuild-helper --clean: what is removed, and what never is. */
import { deepEqual, equal, match } from "node:assert/strict";
import { hasNix, hasTmux, isRoot, needsNix } from "../support/needs.ts";
import { OLD, RebuildHost } from "../support/rebuild_host.ts";
import { InstallerHost, SWITCH } from "./installer_host.ts";
import { runTool } from "../support/executable.ts";
import type { Host } from "../support/host.ts";
import { openToolTerminal } from "../support/terminal.ts";

const PROFILES = "/nix/var/nix/profiles";

/** Adds an old generation, of a system that nothing needs. */
function addGeneration(host: Host, number: number, made: string): string {
  const toplevel = `/nix/store/${String(number % 10).repeat(32)}-nixos-system-starling-old`;
  host.machine.write(`${toplevel}/nixos-version`, "23.05\n");
  const link = host.machine.host(`${PROFILES}/system-${number}-link`);
  Deno.symlinkSync(toplevel, link);
  const { success } = new Deno.Command("touch", { args: ["-h", "-d", made, link] }).outputSync();
  equal(success, true);
  return toplevel;
}

/** The numbers of the generations that are there. */
const numbers = (host: Host) =>
  [...Deno.readDirSync(host.machine.host(PROFILES))]
    .flatMap(({ name }) => /^system-(\d+)-link$/.exec(name)?.[1] ?? [])
    .map(Number).sort((a, b) => a - b);

needsNix(
  "rebuild-helper --clean removes what nothing needs and writes the boot menu anew",
  async () => {
    using host = new RebuildHost();
    for (const number of [1, 2, 3]) addGeneration(host, number, "2020-01-01");
    const list = await host.run(["--list-generations"]);
    equal(list.stdout.match(/--clean\s+removes it$/gm), null, "the newest five");
    const fewer = await host.run(["--list-generations", "--keep", "3"]);
    deepEqual(fewer.stdout.match(/^ +\d+ (?=.*--clean\s+removes it$)/gm)?.map(Number), [1, 2]);

    const cleaned = await host.run(["--clean", "--keep", "1", "--json"]);
    equal(cleaned.code, 0, cleaned.stderr);
    const { removed, generations } = JSON.parse(cleaned.stdout);
    deepEqual(removed, [1, 2, 3]);
    deepEqual(numbers(host), [11, 12]);
    deepEqual(host.actions(), [`boot ${OLD}`]);
    const why = Object.fromEntries(
      generations.map((one: { generation: number; kept: string[] }) => [one.generation, one.kept]),
    );
    deepEqual(why[1], []);
    deepEqual(why[12].slice(0, 3), ["boots", "runs", "was booted"]);
    const again = await host.run(["--clean", "--keep", "1"]);
    equal(again.code, 0);
    match(again.stdout, /nothing is to be removed/);
    deepEqual(host.actions(), [`boot ${OLD}`]);
  },
);

needsNix(
  "rebuild-helper --clean keeps the last days', and takes nothing when the menu fails",
  async () => {
    using host = new RebuildHost();
    addGeneration(host, 1, "2020-01-01");
    const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000).toISOString();
    const kept = addGeneration(host, 2, yesterday);
    host.ends("exit-boot", "1");
    const failed = await host.run(["--clean", "--keep", "1"]);
    equal(failed.code, 1, failed.stdout);
    match(
      failed.stderr,
      /the boot menu could not be written anew: .*\n.*every generation is there/,
    );
    deepEqual(numbers(host), [1, 2, 11, 12]);
    Deno.removeSync(host.machine.host("/run/standin-activation/exit-boot"));
    const cleaned = await host.run(["--clean", "--keep", "1"]);
    equal(cleaned.code, 0, cleaned.stderr);
    match(cleaned.stdout, /removed generation 1\n/);
    equal(Deno.readLinkSync(host.machine.host(`${PROFILES}/system-2-link`)), kept);
  },
);

needsNix("rebuild-helper --clean never takes the way back of an installation", async () => {
  using host = new InstallerHost("uefi");
  const way = host.defaultLink();
  equal((await host.run(SWITCH)).code, 0);
  const run = (args: readonly string[]) => runTool("rebuild-helper", args, host.launch);
  // The installation's own generation is the newest, and what is between is nobody's.
  for (const number of [1, 2]) addGeneration(host, number, "2020-01-01");
  const { code, stdout, stderr } = await run(["--clean", "--keep", "1", "--keep-since", "0"]);
  equal(code, 0, stderr);
  match(stdout, /way back of the installation\s+of \d{4}-/);
  match(stdout, /removed generations 1, 2, 40\n/);
  equal(host.machine.exists(`${PROFILES}/${way}`), true);

  // A receipt that cannot be understood may name another.
  addGeneration(host, 3, "2020-01-01");
  host.machine.write("/var/lib/hyper-nixos/receipts/2020.json", "{");
  const damaged = await run(["--clean", "--keep", "1", "--keep-since", "0"]);
  equal(damaged.code, 6, damaged.stdout);
  equal(numbers(host).includes(3), true);
});

needsNix("rebuild-helper --clean waits for an activation that is to be confirmed", async () => {
  using host = new RebuildHost();
  addGeneration(host, 1, "2020-01-01");
  const waiting = host.run(["--confirm", "600", "switch"]);
  await host.phase("awaiting-confirmation");
  const list = JSON.parse((await host.run(["--list-generations", "--json", "--keep", "1"])).stdout);
  const kept = list.generations.at(-1).kept;
  match(kept.join(), /an activation is not settled/);
  const refused = await host.run(["--clean", "--keep", "1"]);
  equal(refused.code, 1);
  equal(numbers(host).includes(1), true);
  equal((await host.run(["--confirmed"])).code, 0);
  await waiting;
  equal((await host.run(["--clean", "--keep", "1"])).code, 0);
  equal(numbers(host).includes(1), false);
});

needsNix("rebuild-helper --rollback --to brings a chosen generation back", async () => {
  using host = new RebuildHost();
  equal((await host.run(["switch"])).code, 0);
  equal((await host.run(["--rollback", "--to", "12"])).code, 0);
  equal(host.defaultLink(), "system-12-link");
  const { code, stdout, stderr } = await host.run(["--rollback", "--to", "13"]);
  equal(code, 0, stderr);
  match(stdout, /going back to generation 13/);
  equal(host.defaultLink(), "system-13-link");
  const missing = await host.run(["--rollback", "--to", "7"]);
  equal(missing.code, 4);
  match(missing.stderr, /there is no generation 7\n.*there are 11, 12, 13/);
  for (
    const args of [["--to", "12", "switch"], ["--keep", "3", "switch"], ["--clean", "--rollback"], [
      "--clean",
      "build",
    ]]
  ) {
    equal((await host.run(args)).code, 4, args.join(" "));
  }
  const mounted = await runTool("rebuild-helper", ["--clean"], { root: host.machine.root });
  equal(mounted.code, 4, mounted.stderr);
});

Deno.test({
  name: "rebuild-helper --clean shows its plan on a terminal, and a no removes nothing",
  ignore: !hasNix || !isRoot || !hasTmux,
  fn: async () => {
    using host = new RebuildHost();
    addGeneration(host, 1, "2020-01-01");
    const args = ["--clean", "--keep", "1"];
    await using terminal = await openToolTerminal("rebuild-helper", args, host.launch);
    await terminal.waitFor(/remove +1 +2020-01-01[^]*Remove this generation/);
    await terminal.send("n");
    equal(await terminal.exitCode(), 0, await terminal.screen());
    match(await terminal.screen(), /nothing was removed/);
    deepEqual(numbers(host), [1, 11, 12]);
    deepEqual(host.actions(), []);
  },
});
