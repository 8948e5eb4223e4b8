/** dev-update as a person meets it: its questions, in a real terminal. */
import { equal, match, notEqual } from "node:assert/strict";
import { hasNix, hasTmux, isRoot } from "../support/needs.ts";
import type { ToolResult } from "../support/executable.ts";
import { until } from "../support/until.ts";
import { shared } from "../support/shared.ts";
import { openToolTerminal, type Terminal } from "../support/terminal.ts";
import { UpdatableMachine, type UpdatedMachine } from "../update/updated_machine.ts";

const updatable = shared(() => UpdatableMachine.install());

function onTerminal(
  name: string,
  prepare: (host: UpdatedMachine) => void,
  work: (terminal: Terminal, host: UpdatedMachine) => Promise<void>,
): void {
  Deno.test({
    name: `dev-update on a terminal ${name}`,
    ignore: !hasNix || !hasTmux || !isRoot,
    fn: async () => {
      using host = (await updatable()).copy();
      prepare(host);
      const size = { columns: 100, rows: 40 };
      await using terminal = await openToolTerminal("dev-update", [], { ...host.launch, ...size });
      await work(terminal, host);
    },
  });
}

onTerminal(
  "offers to return to the previous sources after a failed build",
  (host) => host.machine.stand.set("nixos-rebuild/fail", "1\n"),
  async (terminal, host) => {
    await terminal.waitFor(/Return to the previous sources now\?/);
    equal(host.sources, "main");
    await terminal.send("y");
    equal(await terminal.exitCode(), 1, await terminal.screen());
    match(
      await terminal.screen(),
      /the sources are those of [0-9a-f]{12} again: 1 restored, 1 removed/,
    );
    equal(host.sources, "v1");
  },
);

onTerminal(
  "keeps the new sources when Enter is pressed",
  (host) => host.machine.stand.set("nixos-rebuild/fail", "1\n"),
  async (terminal, host) => {
    await terminal.waitFor(/Return to the previous sources now\?/);
    await terminal.send("Enter");
    equal(await terminal.exitCode(), 1);
    equal(host.sources, "main");
  },
);

onTerminal(
  "offers system and sources together after a failed activation",
  (host) => {
    host.write("/run/standin-activation/exit-test", "4");
    host.machine.stand.set("systemctl/failed", "");
  },
  async (terminal, host) => {
    const before = host.bootDefault;
    await terminal.waitFor(/Return to the previous system and the previous sources now\?/);
    notEqual(host.bootDefault, before);
    host.machine.remove("/run/standin-activation/exit-test");
    await terminal.send("y");
    equal(await terminal.exitCode(), 1, await terminal.screen());
    equal(host.bootDefault, before);
    equal(host.sources, "v1");
  },
);

onTerminal(
  "asks whether to go on past a failed check that blocks",
  (host) => host.machine.remove("/etc/hypervisor/configuration/users-local.nix"),
  async (terminal, host) => {
    await terminal.waitFor(/Update nevertheless\?/);
    await terminal.send("Enter");
    equal(await terminal.exitCode(), 6, await terminal.screen());
    equal(host.sources, "v1");
  },
);

onTerminal(
  "changes nothing when Ctrl-C answers the question",
  (host) => host.machine.remove("/etc/hypervisor/configuration/users-local.nix"),
  async (terminal, host) => {
    await terminal.waitFor(/Update nevertheless\?/);
    await terminal.send("C-c");
    equal(await terminal.exitCode(), 130, await terminal.screen());
    equal(host.sources, "v1");
  },
);

onTerminal(
  "that goes away finishes an activation, and goes on into its log",
  (host) => {
    const hook = "/run/standin-activation/hook";
    const wait = '[ "$1" = test ] && : > /run/begun && until [ -e /run/go ]; do sleep 0.05; done';
    host.write(hook, `${host.machine.read(hook)}${wait}\nexit 0\n`, 0o755);
  },
  async (terminal, host) => {
    const { machine } = host;
    const before = host.bootDefault;
    const begun = () => exists(machine.host("/run/begun")) || undefined;
    await until("the activation begins", begun);
    await terminal.hangup();
    machine.write("/run/go", "");
    const log = "/var/log/hypervisor/dev-update.log";
    await until(
      "the log says how it ended",
      () => /the new system runs and is the boot default/.test(machine.read(log)) || undefined,
    );
    notEqual(host.bootDefault, before);
    match((await untilFree(host)).stdout, /nothing to do: the running system was built from/);
  },
);

/** The next run, once the one before has let go of the lock. */
async function untilFree(host: UpdatedMachine): Promise<ToolResult> {
  for (;;) {
    const result = await host.run();
    if (!/another tool is changing/.test(result.stderr)) return result;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
