import { ExitCode } from "../lib/machine/exit_code.ts";
import { hostNameProblem, stateVersionProblem } from "../lib/install/options.ts";
import { main, VERSION } from "../lib/program/main.ts";
import { choice, flag, jsonOption, OptionError, parsed, text } from "../lib/program/options.ts";
import type { Tool } from "../lib/program/tool.ts";

const options = {
  hostname: parsed({
    argument: "NAME",
    description: "host name, also the NixOS configuration attribute",
    defaultText: "the current host name",
    parse: checked(hostNameProblem),
  }),
  action: choice({
    choices: ["build", "test", "switch"],
    description: "build only, activate until reboot, or install for good",
    defaultText: "asked; build without a terminal",
  }),
  force: flag({ default: true, description: "replace /etc/hypervisor/src without asking" }),
  source: text({
    argument: "PATH",
    description: "folder that holds Hyper-NixOS",
    defaultText: "found",
  }),
  reboot: flag({ description: "reboot after a successful switch" }),
  fast: flag({ description: "25 parallel downloads, all cores (recommended)" }),
  skipUpdateCheck: flag({ description: "do not ask GitHub for updates (offline)" }),
  users: parsed({
    argument: "NAME,…",
    description: "accounts to carry over, besides root",
    defaultText: "all",
    parse: (list: string) => list.split(",").map((name) => name.trim()).filter((name) => name),
  }),
  stateVersion: parsed({
    argument: "XX.YY",
    description: "system.stateVersion, when it cannot be found",
    parse: checked(stateVersionProblem),
  }),
  keepConfig: flag({ description: "local.nix imports the old configuration.nix" }),
  confirm: parsed({
    argument: "SECONDS",
    description: "go back by itself unless confirmed in time",
    defaultText: "asked over SSH",
    parse: seconds,
  }),
  dryRun: flag({ description: "show the plan and stop; needs no root, changes nothing" }),
  undo: flag({ description: "take the last installation back" }),
  ...jsonOption,
};

/** Turns an existing NixOS machine into a Hyper-NixOS host. */
export const systemInstaller: Tool<typeof options> = {
  name: "system-installer",
  purpose: "Installs Hyper-NixOS on an existing NixOS machine: its users, secrets, settings\n" +
    "and hardware are kept, nothing is changed before you have seen the plan, and\n" +
    "everything can be undone.",
  options,
  examples: [
    ["system-installer --dry-run", "show what would be done to this machine"],
    ["sudo system-installer --fast", "install, with questions"],
    [
      "sudo system-installer --action switch --fast --skip-update-check --reboot",
      "install without any question",
    ],
    ["sudo system-installer --undo", "take the last installation back"],
  ],
  exitCodes: {
    [ExitCode.Success]: "also after Quit, and for --dry-run with blockers",
    [ExitCode.Configuration]: "also when the new system would not be reachable",
  },
  needsRoot: ({ dryRun }) => !dryRun,
  writesLog: ({ dryRun }) => !dryRun,
  asks: ({ dryRun }) => !dryRun,
  // Loaded when there is work to do: --help needs none of it.
  run: async (ctx, values) => {
    if (values.undo) {
      const { undo } = await import("../lib/install/undo.ts");
      return await undo(ctx);
    }
    const { install } = await import("../lib/install/install.ts");
    return await install(ctx, { ...values, version: VERSION });
  },
};

/** An option's parser from a function that says what is wrong. */
function checked(problem: (text: string) => string | undefined): (text: string) => string {
  return (text) => {
    const found = problem(text);
    if (found) throw new OptionError(found);
    return text;
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 86_400) {
    throw new OptionError("seconds are a whole number from 1 to 86400");
  }
  return value;
}

if (import.meta.main) await main(systemInstaller);
