/** The installer as a person meets it: questions, picker and menu in a real terminal. */
import assert from "node:assert/strict";
import { hasNix, hasTmux, isRoot } from "../support/needs.ts";
import type { ScratchMachine } from "../support/scratch_machine.ts";
import type { StandIns } from "../support/stand_ins.ts";
import { openToolTerminal, type Terminal } from "../support/terminal.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { unowned } from "./installer.ts";
import { InstallerHost } from "./installer_host.ts";

function onTerminal(
  name: string,
  kind: "uefi" | "rented",
  work: (terminal: Terminal, machine: ScratchMachine, programs: StandIns) => Promise<void>,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  prepare: (machine: ScratchMachine) => void = () => {},
): void {
  Deno.test({
    name: `system-installer on a terminal: ${name}`,
    ignore: !hasNix || !hasTmux || !isRoot,
    fn: async () => {
      using host = new InstallerHost(kind);
      prepare(host.machine);
      await using terminal = await openToolTerminal(
        "system-installer",
        host.withSource(["--skip-update-check", ...args]),
        { ...host.launch, env, columns: 100, rows: 40 },
      );
      await work(terminal, host.machine, host.stand);
    },
  });
}

onTerminal(
  "the invoking user is marked first, all are preselected; Build, then Quit",
  "uefi",
  async (terminal, machine) => {
    await terminal.waitFor(/Host name/);
    await terminal.send("Enter");
    const picker = await terminal.waitFor(/Who runs virtual machines here/);
    assert.match(picker, /bob \(you\).*\n.*alice/, "the person at the keyboard comes first");
    assert.equal(picker.match(/◼/g)?.length, 2, "both are preselected");
    await terminal.send("Enter");
    const question = await terminal.waitFor(/Apply these changes\?/);
    assert.match(question, /── Will it come back\?/);
    await terminal.send("Enter");
    const menu = await terminal.waitFor(/What now\?/);
    for (const choice of ["Build", "Test", "Switch", "Shell", "Quit"]) {
      assert.match(menu, new RegExp(`[●○] ${choice}`));
    }
    await terminal.send("Enter");
    await terminal.waitFor(/built \/nix\/store.*What now\?/s);
    assert.ok(!machine.exists("/etc/nixos/flake.nix"), "the link comes with the generation");
    await terminal.send("Up", "Enter");
    await terminal.waitFor(/the files are in place; nothing was activated/);
    assert.equal(await terminal.exitCode(), 0);
  },
  [],
  { SUDO_USER: "bob", SUDO_UID: "1001" },
);

onTerminal("No at the question changes nothing", "uefi", async (terminal, machine) => {
  const before = snapshotTree(machine.root, { ignore: unowned });
  await terminal.waitFor(/Host name/);
  await terminal.send("Enter");
  await terminal.waitFor(/Who runs virtual machines here/);
  await terminal.send("Enter");
  await terminal.waitFor(/Apply these changes\?/);
  await terminal.send("n");
  await terminal.waitFor(/nothing was changed/);
  assert.equal(await terminal.exitCode(), 0);
  assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore: unowned })), "");
});

// With other people on the machine more questions would follow.
for (const kind of ["rented", "uefi"] as const) {
  onTerminal(
    `Ctrl-C at the first question changes nothing (${kind})`,
    kind,
    async (terminal, machine) => {
      const before = snapshotTree(machine.root, { ignore: unowned });
      await terminal.waitFor(/Host name/);
      await terminal.send("C-c");
      assert.equal(await terminal.exitCode(), 130);
      const screen = await terminal.screen();
      assert.match(screen, /stopped at a question/);
      assert.doesNotMatch(screen, /Who runs virtual machines here/);
      assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore: unowned })), "");
    },
  );
}

onTerminal(
  "what no answer changes is said before the first question",
  "uefi",
  async (terminal) => {
    await terminal.waitFor(/do not fit together/);
    assert.equal(await terminal.exitCode(), 6);
    assert.doesNotMatch(await terminal.screen(), /Host name/);
  },
  [],
  {},
  (machine) => {
    const file = "/etc/nixos/configuration.nix";
    const text = machine.read(file);
    const end = text.lastIndexOf("}");
    machine.write(file, `${text.slice(0, end)}  security.polkit.enable = false;\n}\n`);
  },
);

onTerminal(
  "another host name than the offered one is planned with",
  "uefi",
  async (terminal) => {
    await terminal.waitFor(/Host name/);
    await terminal.send("vmhost", "Enter");
    await terminal.waitFor(/Who runs virtual machines here/);
    await terminal.send("Enter");
    const plan = await terminal.waitFor(/Apply these changes\?/);
    assert.doesNotMatch(plan, /not proven yet/);
    await terminal.send("n");
    await terminal.waitFor(/nothing was changed/);
    assert.match(await terminal.screen(), /nothing was changed/);
  },
);

onTerminal(
  "a user who is left behind must be confirmed",
  "uefi",
  async (terminal) => {
    await terminal.waitFor(/Host name/);
    await terminal.send("Enter");
    await terminal.waitFor(/Users to carry over/);
    await terminal.send("Down", "Space", "Enter");
    await terminal.waitFor(/Leave behind \w+\? Declared accounts are removed, home folders stay/);
    await terminal.send("Enter");
    await terminal.waitFor(/not confirmed: leaving behind/);
    assert.equal(await terminal.exitCode(), 4);
  },
  ["--no-keep-config"],
);

onTerminal(
  "a failed build keeps the files and offers Retry, Shell and Undo",
  "rented",
  async (terminal, machine, programs) => {
    const before = snapshotTree(machine.root, { ignore: unowned });
    programs.set("nixos-rebuild/fail", "error: builder for '/nix/store/x-web.drv' failed\n");
    await terminal.waitFor(/Host name/);
    await terminal.send("Enter");
    await terminal.waitFor(/Apply these changes\?/);
    await terminal.send("Enter");
    await terminal.waitFor(/What now\?/);
    await terminal.send("Enter");
    const menu = await terminal.waitFor(/It failed; the files are kept\. What now\?/);
    for (const choice of ["Retry", "Shell", "Undo", "Quit"]) {
      assert.match(menu, new RegExp(`[●○] ${choice}`));
    }
    assert.ok(machine.exists("/etc/hypervisor/configuration/host.json"));
    await terminal.send("Down", "Enter");
    await terminal.waitFor(/a shell in \/etc\/hypervisor\/configuration/);
    await terminal.send("pwd; exit", "Enter");
    await terminal.waitFor(/\n\/etc\/hypervisor\/configuration\n.*What now\?/s);
    assert.equal(
      programs.calls("nixos-rebuild").filter(({ args }) => args[0] === "build").length,
      1,
    );
    await terminal.send("Enter");
    await terminal.waitFor(/It failed.*It failed/s);
    await terminal.send("Down", "Down", "Enter");
    await terminal.waitFor(/undone: every file is as it was/);
    assert.equal(await terminal.exitCode(), 0);
    assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore: unowned })), "");
  },
);

onTerminal(
  "over SSH a switch offers to go back by itself, and is kept by typing keep",
  "rented",
  async (terminal, machine) => {
    await terminal.waitFor(/Host name/);
    await terminal.send("Enter");
    await terminal.waitFor(/Apply these changes\?/);
    await terminal.send("Enter");
    await terminal.waitFor(/You are here over SSH.*Go back by itself/s);
    await terminal.send("Enter");
    await terminal.waitFor(/keep it with:/);
    await terminal.send("keep", "Enter");
    await terminal.waitFor(/the new system runs and is the boot default/);
    assert.equal(await terminal.exitCode(), 0);
    const receipts = [...Deno.readDirSync(machine.host("/var/lib/hyper-nixos/receipts"))];
    const receipt = JSON.parse(machine.read(`/var/lib/hyper-nixos/receipts/${receipts[0]!.name}`));
    assert.equal(receipt.state, "activated");
  },
  ["--action", "switch"],
  { SSH_CONNECTION: "198.51.100.7 50022 203.0.113.42 2222" },
);
