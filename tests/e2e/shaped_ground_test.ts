/** Ground that others shaped: lines to type, folders above others, files beyond all measure. */
import { doesNotMatch, equal, match, ok } from "node:assert/strict";
import { runTool, startTool } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { processes } from "../support/until.ts";
import { installer, source } from "./installer.ts";

const ALICE = 1000;

function mode(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

needsNix("the line that is typed to become root names no program of another user's", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  const options = { inside: machine.root, standIns: programs.folder, uid: ALICE };
  const typed = async (env: Record<string, string>) => {
    const { code, stderr } = await runTool("validator", ["--fix"], { ...options, env });
    equal(code, 3, stderr);
    return stderr;
  };
  // What all proxies go through comes along.
  match(await typed({ all_proxy: "http://proxy:3128" }), /sudo --preserve-env=\S*\ball_proxy\b/);
  for (const path of ["/tmp/evil/bin/validator", "/nix/store/0-x/bin/../../../../tmp/validator"]) {
    const line = await typed({ HYPERVISOR_EXECUTABLE: path });
    match(line, /sudo .*-- \//);
    ok(!line.includes(path), line);
  }
  // A stick's launcher is named only where nobody else could change it.
  const folder = machine.host("/srv/stick");
  Deno.mkdirSync(folder, { recursive: true, mode: 0o755 });
  Deno.writeTextFileSync(`${folder}/validator`, "#!/bin/sh\n", { mode: 0o755 });
  const launcher = { HYPERVISOR_LAUNCHER: "/srv/stick/validator" };
  match(await typed(launcher), /-- \/bin\/sh \/srv\/stick\/validator --fix/);
  Deno.chmodSync(folder, 0o777);
  doesNotMatch(await typed(launcher), /run: sudo/);
});

needsNix(
  "folders that are made above others get no more and no less than everybody needs",
  async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    using from = source();
    Deno.removeSync(machine.host("/var/lib"), { recursive: true });
    const installed = await installer(machine, programs, from)([
      "--action",
      "build",
      "--skip-update-check",
    ]);
    equal(installed.code, 0, installed.stderr);
    equal(mode(machine.host("/var/lib")), 0o755);
    equal(mode(machine.host("/var/lib/hyper-nixos")), 0o700);
  },
);

needsNix("a huge file in a source is copied without being in memory", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  using from = source();
  const size = 600 * 1024 * 1024;
  Deno.createSync(`${from.path}/lib/large`).close();
  Deno.truncateSync(`${from.path}/lib/large`, size);
  await using running = startTool("system-installer", [
    ...["--action", "build", "--skip-update-check", "--source", from.path],
  ], { inside: machine.root, standIns: programs.folder });
  let ended = false;
  const result = running.result.finally(() => ended = true);
  let peak = 0;
  while (!ended) {
    peak = Math.max(peak, peakMemory(running.pid));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { code, stderr } = await result;
  equal(code, 0, stderr);
  equal(Deno.statSync(machine.host("/etc/hypervisor/src/lib/large")).size, size);
  ok(peak > 0 && peak < size / 2, `${peak} bytes at most`);
});

/** The most memory that the tool in a process group has had so far, in bytes; Nix's own is its own affair. */
function peakMemory(group: number): number {
  let most = 0;
  for (const { pid } of [...processes()].filter((one) => one.group === group)) {
    try {
      const command = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
      if (!/\/(deno|system-installer)$/.test(command[0] ?? "")) continue;
      const status = Deno.readTextFileSync(`/proc/${pid}/status`);
      most = Math.max(most, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  }
  return most;
}
