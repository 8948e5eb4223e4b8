/** Pipes where root's tools look for files: nothing waits for them, and a signal gets through. */
import { doesNotMatch, equal, match, ok } from "node:assert/strict";
import { runTool, startTool } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { makeFifo } from "../support/scratch_files.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { shared } from "../support/shared.ts";
import { standIns } from "../support/stand_ins.ts";
import { processes, type ProcessStat, until, untilGone } from "../support/until.ts";
import { installer, source } from "./installer.ts";

/** Where pipes hung a tool, together if it looks at each of them whatever another is, and that tool. */
const PIPES: readonly (readonly [
  paths: readonly string[],
  tool: string,
  args: readonly string[],
])[] = [
  [["/etc/sudoers"], "validator", []],
  [["/etc/passwd"], "validator", []],
  [["/etc/hypervisor/configuration/host.json"], "validator", []],
  [["/etc/hypervisor/configuration/host.json"], "rebuild-helper", ["build"]],
  [
    [
      "/etc/sudoers.d/alice",
      "/etc/doas.conf",
      "/etc/hypervisor/configuration/system-local.nix",
      "/etc/hypervisor/src/flake.lock",
      "/var/lib/libvirt/qemu/guest.xml",
      "/var/lib/hyper-nixos/sync/state.json",
    ],
    "validator",
    [],
  ],
  [["/etc/hypervisor/configuration/system-local.nix"], "system-installer", [
    "--dry-run",
    "--verbose",
  ]],
  [["/etc/hypervisor/configuration/local.nix"], "rebuild-helper", ["build"]],
  [["/etc/hypervisor/configuration/local.nix"], "system-installer", ["--dry-run"]],
  [["/etc/hypervisor/src/flake.nix"], "validator", []],
  [["/etc/hypervisor/src/flake.nix"], "rebuild-helper", ["build"]],
  [["/etc/nixos/configuration.nix"], "system-installer", ["--dry-run"]],
  [["/etc/nixos/hardware-configuration.nix"], "system-installer", ["--dry-run"]],
  [["/var/lib/hyper-nixos/sync/state.json"], "dev-update", ["--yes"]],
  [
    ["/var/lib/hyper-nixos/receipts/20200101T000000Z.json"],
    "system-installer",
    ["--undo", "--yes"],
  ],
];
/** A source that these tests leave as it is. */
const hyperNixos = shared(() => source());

for (const [paths, tool, args] of PIPES) {
  needsNix(`${tool} ${args.join(" ")} waits for no pipe at ${paths.join(", ")}`, async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    const from = await hyperNixos();
    for (const folder of ["/etc/hypervisor", "/etc/hypervisor/configuration"]) {
      Deno.mkdirSync(machine.host(folder), { recursive: true });
      Deno.chmodSync(machine.host(folder), 0o755);
    }
    Deno.mkdirSync(machine.host("/var/lib/hyper-nixos"), { recursive: true });
    Deno.chmodSync(machine.host("/var/lib/hyper-nixos"), 0o700);
    if (!paths.includes("/etc/hypervisor/src/flake.nix")) {
      machine.write("/etc/hypervisor/src/flake.nix", "{ outputs = _: { }; }\n");
    }
    for (const path of paths) {
      if (machine.exists(path)) Deno.removeSync(machine.host(path));
      makeFifo(machine.host(path));
    }
    const named = tool === "system-installer" && !args.includes("--undo");
    const result = await runTool(tool, [...args, ...(named ? ["--source", from.path] : [])], {
      inside: machine.root,
      standIns: programs.folder,
      env: { GITHUB_API_URL: "http://127.0.0.1:9" },
    });
    const said = result.stdout + result.stderr;
    doesNotMatch(said, /this is a bug/);
    ok([0, 1, 3, 4, 5, 6].includes(result.code), said);
  });
}

needsNix("a source's pipes are named or left out, and hold nobody up", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  using from = source();
  makeFifo(`${from.path}/.git/config`);
  const run = installer(machine, programs, from);
  const refused = await run(["--action", "build", "--skip-update-check"]);
  equal(refused.code, 6, refused.stderr);
  match(refused.stderr, /\.git\/config is a pipe, not a regular file/);
  Deno.removeSync(`${from.path}/.git`, { recursive: true });
  makeFifo(`${from.path}/lib/module.nix`);
  const read = await run(["--dry-run"]);
  equal(read.code, 0, read.stderr);
  match(read.stdout, /lib\/module\.nix\s+is\s+a\s+pipe,\s+not\s+a\s+regular\s+file/);
  Deno.removeSync(`${from.path}/lib/module.nix`);
  makeFifo(`${from.path}/lib/pipe`);
  const plan = await run(["--dry-run"]);
  equal(plan.code, 0, plan.stderr);
});

needsNix("a tool whose Nix waits for a pipe hears TERM", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  const from = await hyperNixos();
  makeFifo(machine.host("/run/never"));
  const configuration = 'builtins.seq (builtins.readFile "/run/never") { }\n';
  machine.write("/etc/nixos/configuration.nix", configuration, 0o644);
  await using running = startTool("system-installer", ["--dry-run", "--source", from.path], {
    inside: machine.root,
    standIns: programs.folder,
  });
  const isNix = ({ name, parent }: ProcessStat) => parent === running.pid && /^nix-/.test(name);
  const nix = await until("Nix is asked", () => [...processes()].find(isNix));
  running.kill("SIGTERM");
  equal((await running.result).code, 143);
  await untilGone(nix.pid);
});
