import { ExitCode } from "../lib/machine/exit_code.ts";
import { sshEnvironment } from "../lib/program/environment.ts";
import { givenWords } from "../lib/program/given_words.ts";
import { main } from "../lib/program/main.ts";
import {
  confirmOption,
  flag,
  parsed,
  restartGuestsOption,
  targetHostOption,
  text,
  textOrNone,
  wholeNumber,
} from "../lib/program/options.ts";
import type { Tool } from "../lib/program/tool.ts";
import { HANDED_OPTIONS } from "../lib/rebuild/handed_options.ts";
import type { Action } from "../lib/rebuild/options.ts";
import { VERSION } from "../lib/program/version.ts";

const options = {
  flake: text({
    argument: "PATH",
    description: "flake folder or reference[#HOST]",
    defaultText: "/etc/nixos",
  }),
  host: text({
    argument: "NAME",
    description: "NixOS attribute",
    defaultText: "this machine's host name",
  }),
  ...targetHostOption(
    "do it on [USER@]HOST, over SSH",
    "proven there, built here, copied by Nix, then activated and confirmed by the same tool there",
  ),
  buildHost: text({
    argument: "HOST",
    description: "build it on [USER@]HOST, over SSH",
    details: "evaluated here, built there by whoever logs in, then copied to where it is activated",
  }),
  storePath: text({
    argument: "PATH",
    description: "activate this ready-built system",
    details: "a store path or a link to it; nothing is evaluated or built; of a system that this " +
      "machine has never activated nothing can be proven, and it is only activated with --confirm",
  }),
  evaluated: text({
    argument: "FILE",
    description: "with --store-path: what was evaluated of it",
    details:
      "for the proofs, after which it may still come; --target-host makes such a file on the " +
      "machine that builds",
  }),
  specialisation: textOrNone({
    argument: "NAME",
    description: "the specialisation to run",
    details: "proven as the system itself, which the next boot starts",
    defaultText: "the running one",
  }),
  showTrace: flag({ description: "show the whole Nix evaluation trace" }),
  impure: flag({ default: true, description: "allow impure evaluation (recommended)" }),
  ...confirmOption,
  confirmed: flag({ description: "keep the system that waits for its confirmation" }),
  rollback: flag({ description: "go back to the previous generation, without network" }),
  to: parsed({
    argument: "NUMBER",
    description: "with --rollback: that generation",
    parse: wholeNumber(1, 1_000_000),
  }),
  listGenerations: flag({
    description: "show the generations, change nothing",
    details: "with root's rights also which ones --clean would remove",
  }),
  clean: flag({
    description: "remove old generations, after asking",
    details: "never what runs, boots, was booted, is a way back or waits for its confirmation; " +
      "writes the boot menu anew, and leaves the store to nix-collect-garbage",
  }),
  keep: parsed({
    argument: "NUMBER",
    description: "with --clean: keep the newest ones",
    defaultText: "5",
    parse: wholeNumber(1, 1_000_000),
  }),
  keepSince: parsed({
    argument: "DAYS",
    description: "with --clean: and those of the last days",
    defaultText: "14",
    parse: wholeNumber(0, 36_500),
  }),
  ...restartGuestsOption,
};

/** What means nothing on the machine of --target-host. */
const BUILT_HERE = [
  "targetHost",
  "buildHost",
  "flake",
  "host",
  "storePath",
  "evaluated",
  "showTrace",
  "impure",
  "root",
];

/** Rebuilds this host's flake. */
export const rebuildHelper: Tool<typeof options> = {
  name: "rebuild-helper",
  purpose: "Builds and activates this host's flake, if nobody is locked out and it can boot.",
  options,
  operand: {
    name: "ACTION",
    choices: {
      "build": "build the system, activate nothing",
      "test": "activate it; the next boot starts the previous one",
      "switch": "activate it and make it the boot default",
      "boot": "make it the boot default, activate nothing",
      "dry-build": "show what would be built",
      "dry-activate": "show what would be activated",
    } satisfies Record<Action, string>,
    description: "what to do with the configuration",
  },
  handsOn: {
    name: "NIX OPTIONS",
    choices: HANDED_OPTIONS,
    description: "handed on to Nix, such as --offline or --option NAME VALUE",
  },
  examples: [
    ["sudo rebuild-helper switch", "activate, and boot it from now on"],
    ["sudo rebuild-helper --confirm 120 switch", "go back unless confirmed"],
    ["sudo rebuild-helper --rollback", "bring the previous system back"],
    ["rebuild-helper build", "build, activate nothing"],
    ["sudo rebuild-helper --show-trace test", "activate until the next reboot"],
    ["rebuild-helper --host hypervisor02 build", "build another host"],
    ["sudo rebuild-helper --rollback --to 41", "bring a chosen generation back"],
    ["rebuild-helper --target-host root@host2 switch", "build here, activate there"],
    ["rebuild-helper --build-host builder build", "build there, activate nothing"],
    [
      "sudo rebuild-helper --store-path ./result --confirm 120 switch",
      "activate what was built elsewhere",
    ],
    ["sudo rebuild-helper switch -- --offline --cores 2", "hand options on to Nix"],
    ["sudo rebuild-helper --clean --keep 3", "remove generations that nothing needs"],
  ],
  notes: `Logs: /var/log/nixos/rebuild-<time>.log. With --confirm a switch becomes the boot
default only when it is confirmed: with "keep" on the terminal, with rebuild-helper
--confirmed, or with the file it names.`,
  environment: sshEnvironment,
  exitCodes: {
    [ExitCode.PermissionDenied]: "also when ssh or sudo of another machine refuses",
    [ExitCode.Network]: "also when another machine is not reached, or the connection was lost",
    [ExitCode.General]: "also when units failed, or the machine went back",
    [ExitCode.Configuration]: "also when someone would be locked out",
  },
  needsRoot: ({ targetHost, operand, rollback, confirmed, clean }) =>
    targetHost === undefined &&
    (rollback || confirmed || clean ||
      operand !== undefined && !["build", "dry-build"].includes(operand)),
  // A build by who is not root cannot write it, and need not say so each time.
  writesLog: ({ listGenerations }) => !listGenerations && Deno.uid() === 0,
  // Loaded when there is work to do: --help needs none of it.
  run: async (ctx, values) => {
    const { targetHost } = values;
    const action = values.operand as Action | undefined;
    if (targetHost !== undefined) {
      const { rebuildThere } = await import("../lib/rebuild/remote/rebuild_there.ts");
      const words = givenWords(options, values, BUILT_HERE);
      const tool = { name: "rebuild-helper", version: VERSION };
      return await rebuildThere(ctx, { ...values, action, targetHost, words, tool });
    }
    if (values.listGenerations) {
      // Without all that rebuilds.
      const { listGenerations } = await import("../lib/rebuild/generations/list_generations.ts");
      return await listGenerations(ctx, { ...values, action });
    }
    const { rebuildHelper: run } = await import("../lib/rebuild/rebuild_helper.ts");
    return await run(ctx, { ...values, action });
  },
};

if (import.meta.main) main(rebuildHelper);
