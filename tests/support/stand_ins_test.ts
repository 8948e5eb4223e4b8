import assert from "node:assert/strict";
import { OFFLINE_NIX_CONFIG } from "./context.ts";
import { hasNix, isRoot } from "./needs.ts";
import { scratchMachine } from "./scratch_machine.ts";
import { type StandIns, standIns } from "./stand_ins.ts";

async function run(programs: StandIns, command: string, args: string[], cwd = "/") {
  const { code, stdout, stderr } = await new Deno.Command(`${programs.folder}/${command}`, {
    args,
    cwd,
    env: { PATH: `${programs.folder}:${Deno.env.get("PATH")}`, NIX_CONFIG: OFFLINE_NIX_CONFIG },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("a stand-in records its arguments as they were", async () => {
  using programs = standIns();
  const args = ["start", 'quo"te', "back\\slash", "new\nline", "tab\t", "", "é $x"];
  await run(programs, "systemctl", args);
  const [call] = programs.calls("systemctl");
  assert.deepEqual(call?.args, args);
  assert.equal(call.cwd, "/");
  assert.equal(call.env.NIX_CONFIG, OFFLINE_NIX_CONFIG);
});

Deno.test("both kinds of nixos-rebuild really build, and refuse options in their own way", {
  ignore: !hasNix,
}, async () => {
  for (const [rebuild, code] of [["shell", 1], ["ng", 2]] as const) {
    using machine = scratchMachine("flake");
    using programs = standIns({ rebuild });
    const flake = `${machine.root}/etc/nixos#starling`;
    const built = await run(
      programs,
      "nixos-rebuild",
      ["build", "--flake", flake, "--impure"],
      machine.host("/mnt"),
    );
    assert.equal(built.code, 0, built.stderr);
    assert.match(
      Deno.readLinkSync(machine.host("/mnt/result")),
      /^\/nix\/store\/.*-nixos-system-starling-/,
    );
    assert.equal((await run(programs, "nixos-rebuild", ["--bogus", "build"])).code, code);
    programs.set("nixos-rebuild/fail", "error: builder failed\n");
    const failed = await run(programs, "nixos-rebuild", ["build", "--flake", flake]);
    assert.deepEqual([failed.code, failed.stderr], [1, "error: builder failed\n"]);
  }
});

Deno.test("nixos-install builds into the mounted machine and activates there", {
  ignore: !hasNix || !isRoot,
}, async () => {
  using machine = scratchMachine("flake");
  using programs = standIns();
  const { code, stderr } = await run(programs, "nixos-install", [
    "--root",
    machine.root,
    "--flake",
    `${machine.root}/etc/nixos#starling`,
    "--impure",
    "--no-root-passwd",
    "--no-channel-copy",
  ]);
  assert.equal(code, 0, stderr);
  const generation = machine.facts.generation + 1;
  assert.equal(
    Deno.readLinkSync(machine.host("/nix/var/nix/profiles/system")),
    `system-${generation}-link`,
  );
  assert.match(machine.read("/run/standin-activation/actions"), /^boot \/nix\/store\/.*starling/);
});

Deno.test("systemd-run starts a unit that systemctl knows, with a clean environment", async () => {
  using programs = standIns();
  const started = await run(programs, "systemd-run", [
    "--unit=work",
    "-E",
    "KEPT=a b",
    "sh",
    "-c",
    'echo "$KEPT/$NIX_CONFIG"; read x <"$0"',
    `${programs.folder}/state/pipe`,
  ]);
  assert.equal(started.code, 0, started.stderr);
  const show = async () =>
    (await run(programs, "systemctl", ["show", "work", "-p", "ActiveState,ExecMainStatus"])).stdout;
  // Without the pipe it fails at once; what systemd would say of it is known.
  while (/ActiveState=active/.test(await show())) { /* it ends by itself */ }
  assert.match(await show(), /^ActiveState=failed\nExecMainStatus=[12]\n$/);
  assert.match(programs.get("journal/work") ?? "", /^a b\/\n/);
});

Deno.test("systemd-run --wait --pipe ends as its command does", async () => {
  using programs = standIns();
  const args = ["--wait", "--pipe", "--collect", "--unit", "w", "sh", "-c", "echo out; exit 4"];
  assert.deepEqual(await run(programs, "systemd-run", args), {
    code: 4,
    stdout: "out\n",
    stderr: "",
  });
  const { stdout } = await run(programs, "systemctl", [
    "show",
    "w",
    "--property=LoadState",
    "--value",
  ]);
  assert.equal(stdout, "not-found\n");
});

Deno.test("systemd-run --on-active waits until it is stopped", async () => {
  using programs = standIns();
  await run(programs, "systemd-run", ["--on-active=300", "--unit=later", "touch", "/never"]);
  assert.equal((await run(programs, "systemctl", ["is-active", "later.timer"])).stdout, "active\n");
  assert.equal((await run(programs, "systemctl", ["stop", "later.timer"])).code, 0);
  assert.equal((await run(programs, "systemctl", ["is-active", "later.timer"])).code, 3);
});

Deno.test("systemctl answers what the test's files say", async () => {
  using programs = standIns();
  const ask = async (...args: string[]) => {
    const { code, stdout } = await run(programs, "systemctl", args);
    return [code, stdout];
  };
  assert.deepEqual(await ask("is-system-running"), [0, "running\n"]);
  programs.set("systemctl/running", "degraded");
  assert.deepEqual(await ask("is-system-running"), [1, "degraded\n"]);
  programs.set("systemctl/failed", "a.service\nb.service\n");
  assert.deepEqual(await ask("--failed", "--plain", "--no-legend"), [
    0,
    "a.service loaded failed failed a.service\nb.service loaded failed failed b.service\n",
  ]);
  programs.set("systemctl/units/sshd.service", "ActiveState=active\nUnitFileState=enabled\n");
  assert.deepEqual(await ask("is-active", "sshd"), [0, "active\n"]);
  assert.deepEqual(await ask("is-enabled", "sshd.service"), [0, "enabled\n"]);
  assert.deepEqual(await ask("is-active", "other"), [3, "inactive\n"]);
  programs.set("systemctl/exit-reboot", "1");
  assert.deepEqual(await ask("reboot"), [1, ""]);
});

Deno.test("nixos-generate-config prints what belongs to the machine", async () => {
  using machine = scratchMachine("bios");
  using programs = standIns();
  const args = ["--show-hardware-config", "--root", machine.root];
  const { stdout } = await run(programs, "nixos-generate-config", args);
  assert.match(stdout, new RegExp(`fileSystems\\."/" =\\n.*${machine.facts.mounts[0]!.uuid}`));
  programs.set("nixos-generate-config/hardware-configuration.nix", "{ }\n");
  assert.equal((await run(programs, "nixos-generate-config", args)).stdout, "{ }\n");
});
