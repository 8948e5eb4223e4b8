/** A system that was built elsewhere or before. */
import { Root } from "../../lib/machine/root.ts";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { needsNix } from "../support/needs.ts";
import { NEW, OLD, RebuildHost as Host, withLine } from "../support/rebuild_host.ts";

/** Builds the machine's configuration; nothing is known of the system then. */
async function built(host: Host): Promise<string> {
  const { stdout, stderr } = await host.run(["--json", "build"]);
  ok(stdout, stderr);
  host.stand.clear();
  return JSON.parse(stdout).toplevel;
}

needsNix(
  "--store-path activates a system of which nothing is known only if it goes back",
  async () => {
    using host = new Host();
    const toplevel = await built(host);
    const refused = await host.run(["--store-path", toplevel, "switch"]);
    equal(refused.code, 6);
    match(refused.stderr, /nothing can be proven of \/nix\/store\/.*--confirm SECONDS/s);
    const boot = await host.run(["--store-path", toplevel, "--yes", "boot"]);
    equal(boot.code, 6);
    deepEqual(host.actions(), []);

    const back = await host.run(["--store-path", toplevel, "--confirm", "1", "switch"]);
    equal(back.code, 1);
    match(back.stderr, /cannot be proven; it goes back unless it is confirmed/);
    match(back.stderr, /nobody confirmed the new system within 1 seconds/);
    deepEqual(host.actions(), [`test ${NEW}`, `test ${OLD}`]);
    equal(host.bootDefault(), host.machine.toplevel);
  },
);

needsNix(
  "--store-path proves a system that the machine knows, through a link, and builds nothing",
  async () => {
    using host = new Host();
    const first = await host.run(["--json", "test"]);
    equal(first.code, 0, first.stderr);
    const { toplevel } = JSON.parse(first.stdout);
    equal((await host.run(["--rollback"])).code, 0);
    host.stand.clear();
    Deno.symlinkSync(toplevel, host.machine.host("/root/result"));
    const known = await host.run(["--json", "--store-path", "/root/result", "switch"]);
    equal(known.code, 0, known.stderr);
    match(known.stderr, /proven: /);
    const document = JSON.parse(known.stdout);
    equal(document.toplevel, toplevel);
    equal(document.host, "starling");
    equal(host.bootDefault(), toplevel);
    deepEqual(host.stand.calls("nixos-rebuild"), []);
  },
);

needsNix("--store-path refuses a lock-out by what was evaluated elsewhere", async () => {
  using host = new Host();
  const first = await host.run(["--json", "test"]);
  const { toplevel } = JSON.parse(first.stdout);
  const [name] = [...Deno.readDirSync(host.machine.host("/var/lib/hyper-nixos/systems"))];
  const record = JSON.parse(host.machine.read(`/var/lib/hyper-nixos/systems/${name!.name}`));
  record.facts.users.accounts = [];
  host.machine.write("/root/evaluated.json", JSON.stringify(record), 0o600);
  const before = host.actions();
  const args = ["--store-path", toplevel, "--evaluated", "/root/evaluated.json", "switch"];
  const refused = await host.run(args);
  equal(refused.code, 6, refused.stdout);
  match(refused.stderr, /this would not be safe to activate/);
  deepEqual(host.actions(), before);

  host.machine.write("/root/evaluated.json", JSON.stringify({ ...record, toplevel: "/other" }));
  const other = await host.run(args);
  equal(other.code, 4);
  match(other.stderr, /evaluated\.json does not say what \/nix\/store/);
  Deno.removeSync(host.machine.host("/root/evaluated.json"));
  match((await host.run(args)).stderr, /--evaluated cannot be read/);
});

needsNix(
  "--store-path activates no other specialisation than the one that was proven",
  async () => {
    using host = new Host();
    const special = (name: string) =>
      `specialisation.${name}.configuration.environment.etc.which.text = "${name}";`;
    host.configure(withLine(`${special("gaming")} ${special("lean")}`));
    const first = await host.run(["--json", "test"]);
    const { toplevel } = JSON.parse(first.stdout);
    const [name] = [...Deno.readDirSync(host.machine.host("/var/lib/hyper-nixos/systems"))];
    const record = JSON.parse(host.machine.read(`/var/lib/hyper-nixos/systems/${name!.name}`));
    const lean = new Root(host.machine.root).realPath(`${toplevel}/specialisation/lean`);
    const evaluated = [record, { ...record, toplevel: lean }];
    host.machine.write("/root/evaluated.json", JSON.stringify(evaluated), 0o600);
    const before = host.actions();
    const args = ["--store-path", toplevel, "--evaluated", "/root/evaluated.json"];
    const refused = await host.run([...args, "--specialisation=gaming", "test"]);
    equal(refused.code, 6, refused.stdout);
    match(refused.stderr, /what was built \(\S+\) is not what was proven/);
    deepEqual(host.actions(), before);
    const tested = await host.run([...args, "--specialisation=lean", "test"]);
    equal(tested.code, 0, tested.stderr);
  },
);

needsNix("--store-path says what it cannot do", async () => {
  using host = new Host();
  const toplevel = await built(host);
  const refusals: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
    [["--store-path", toplevel, "build"], 4, /build would build one/],
    [["--store-path", "/nix/store/none", "switch"], 4, /no store path that is on this machine/],
    [["--store-path", "/etc", "switch"], 4, /no store path/],
    [["--store-path", `${toplevel}/bin`, "switch"], 4, /no store path/],
    [["--store-path", toplevel, "--host", "other", "switch"], 4, /names the whole system/],
    [["--store-path", toplevel, "--rollback"], 4, /names the whole system/],
    [["--evaluated", "/root/x", "switch"], 4, /--evaluated goes with --store-path/],
  ];
  for (const [args, code, says] of refusals) {
    const refused = await host.run(args);
    equal(refused.code, code, `${args} ${refused.stdout}`);
    match(refused.stderr, says);
  }
  const other = "/nix/store/00000000000000000000000000000000-nixos-system-other-24.05";
  host.machine.write(`${other}/nixos-version`, "24.05");
  equal((await host.run(["--store-path", other, "switch"])).code, 6);
  host.machine.write(`${other}/bin/switch-to-configuration`, "#!/bin/sh\n", 0o755);
  host.machine.write(`${other}/system`, "riscv64-linux");
  const foreign = await host.run(["--store-path", other, "switch"]);
  equal(foreign.code, 6);
  match(foreign.stderr, /is for riscv64-linux, this machine is /);
  deepEqual(host.actions(), []);

  const dry = await host.run(["--store-path", toplevel, "dry-activate"]);
  equal(dry.code, 0, dry.stderr);
  deepEqual(host.actions(), [`dry-activate ${NEW}`]);
});
