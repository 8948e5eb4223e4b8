import { ExitCode } from "../lib/machine/exit_code.ts";
import { ToolError } from "../lib/machine/tool_error.ts";
import { hostNameProblem, stateVersionProblem } from "../lib/install/options.ts";
import type { Context } from "../lib/machine/context.ts";
import { syncEnvironment } from "../lib/program/environment.ts";
import { givenBeside } from "../lib/program/given_words.ts";
import { main } from "../lib/program/main.ts";
import {
  checked,
  choice,
  confirmOption,
  flag,
  parsed,
  restartGuestsOption,
  text,
} from "../lib/program/options.ts";
import type { Tool, ToolValues } from "../lib/program/tool.ts";
import { VERSION } from "../lib/program/version.ts";

const options = {
  hostname: parsed({
    argument: "NAME",
    description: "host name and attribute",
    defaultText: "the current one",
    parse: checked(hostNameProblem),
  }),
  action: choice({
    choices: ["build", "test", "switch"],
    description: "what to do",
    details:
      "build only, activate until reboot (test), or for good (switch); a menu asks without it",
    defaultText: "asked; build without a terminal",
  }),
  force: flag({ default: true, description: "replace /etc/hypervisor/src unasked" }),
  source: text({
    argument: "PATH",
    description: "folder that holds Hyper-NixOS",
    details: "else HYPERVISOR_SOURCE, else the nearest folder above that is one",
    defaultText: "found",
  }),
  reboot: flag({ description: "reboot after a successful switch" }),
  fast: flag({
    description: "25 parallel downloads, all cores (recommended)",
    details:
      "and settings of the binary cache that suit a fast line; the standard is 5 downloads at once",
  }),
  skipUpdateCheck: flag({
    description: "do not ask GitHub for updates (offline)",
    details: "install the source as it is",
  }),
  users: parsed({
    argument: "NAME,…",
    description: "who runs virtual machines here",
    details: "with --no-keep-config: the accounts to carry over, besides root",
    defaultText: "all",
    parse: (list: string) => list.split(",").map((name) => name.trim()).filter((name) => name),
  }),
  stateVersion: parsed({
    argument: "XX.YY",
    description: "system.stateVersion, when it cannot be found",
    parse: checked(stateVersionProblem),
  }),
  keepConfig: flag({
    default: true,
    description: "keep your configuration as the base",
    details:
      "Hyper-NixOS is added to it; --no-keep-config starts without it and carries over a list of " +
      "settings (users, disks, network, sshd …)",
  }),
  config: text({
    argument: "PATH|FLAKE",
    description: "your configuration",
    details: "FLAKE#HOST where it has several hosts; else what nixos-rebuild would build: the " +
      "flake of /etc/nixos, or configuration.nix",
    defaultText: "found",
  }),
  allowDowngrade: flag({
    description: "install a published tree of an older NixOS than yours",
    details: "older than what runs, or than the state version",
  }),
  ...confirmOption,
  ...restartGuestsOption,
  answers: text({
    argument: "FILE",
    description: "decisions of another run's plan",
    details: "the document of --dry-run --json, of which the member decisions counts; what the " +
      "command line says wins, and no question is asked",
  }),
  explain: flag({
    description: "say of each change why",
    details: "what it is for, what it is made of, and what undoes it",
  }),
  dryRun: flag({ description: "show the plan, change nothing; needs no root" }),
  undo: flag({
    description: "take the last installation back",
    details:
      "system, accounts and files as they were before; with --root also from a rescue system",
  }),
};

/** Turns an existing NixOS machine into a Hyper-NixOS host. */
export const systemInstaller: Tool<typeof options> = {
  name: "system-installer",
  purpose: "Installs Hyper-NixOS on an existing NixOS machine. Users, secrets, settings and\n" +
    "hardware are kept; the plan is shown first, and everything can be undone.",
  options,
  examples: [
    ["system-installer --dry-run", "show what it would do"],
    ["sudo system-installer --fast", "install, with questions"],
    ["system-installer --dry-run --explain", "what each change is for"],
    ["sudo system-installer --undo", "take the last installation back"],
    ["sudo system-installer --action switch --yes", "install without any question"],
    ["sudo system-installer --hostname my-hypervisor --action test", "try it under another name"],
    ["sudo system-installer --answers plan.json", "the same on the next machine"],
    [
      "sudo system-installer --skip-update-check --source /mnt/usb/hyper-nixos",
      "install from a USB stick, without a network",
    ],
    [
      "sudo system-installer --hostname hypervisor01 --action switch --fast --reboot",
      "for scripts: install, and start the new system",
    ],
  ],
  exitCodes: {
    [ExitCode.Success]: "also after Quit, and for --dry-run with blockers",
    [ExitCode.Configuration]: "also when the new system would not be reachable",
  },
  environment: [
    [["HYPERVISOR_SOURCE"], "as --source; the Nix package sets it to its own source"],
    ...syncEnvironment,
  ],
  needsRoot: ({ dryRun }) => !dryRun,
  writesLog: ({ dryRun }) => !dryRun,
  asks: ({ dryRun, answers }) => !dryRun && answers === undefined,
  // Loaded when there is work to do: --help needs none of it.
  run: async (ctx, values) => {
    const code = await installOrUndo(ctx, values);
    if (values.json && !values.dryRun) {
      const { installationsDocument } = await import("../lib/install/installations_document.ts");
      ctx.out.json(installationsDocument(ctx, code));
    }
    return code;
  },
};

async function installOrUndo(ctx: Context, values: ToolValues<typeof options>): Promise<ExitCode> {
  if (values.undo) {
    // Least of all --dry-run: nothing would be asked, and everything be undone.
    const other = givenBeside(options, values.given, ["undo", "restartGuests"]);
    if (other !== undefined) {
      throw new ToolError(`${other} goes with an installation, not with --undo`, {
        code: ExitCode.InvalidArguments,
        hint: "nothing was changed; leave one of them out",
      });
    }
    const { undo } = await import("../lib/install/undo/undo.ts");
    await undo(ctx, values);
    return ExitCode.Success;
  }
  const { install } = await import("../lib/install/install.ts");
  const wanted = { ...values, version: VERSION };
  if (values.answers === undefined) return await install(ctx, wanted);
  const { withAnswers } = await import("../lib/install/answers.ts");
  return await install(ctx, withAnswers(ctx, wanted, values.answers, values.given));
}

if (import.meta.main) main(systemInstaller);
