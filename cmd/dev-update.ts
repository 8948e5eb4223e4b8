import { ExitCode } from "../lib/machine/exit_code.ts";
import { syncEnvironment, tokenReminder } from "../lib/program/environment.ts";
import { main } from "../lib/program/main.ts";
import {
  choice,
  confirmOption,
  flag,
  restartGuestsOption,
  sourceOptions,
} from "../lib/program/options.ts";
import type { Tool } from "../lib/program/tool.ts";
import { REBUILD_ACTIONS } from "../lib/update/options.ts";

const { ref, repo, forceFull, signedBy } = sourceOptions("update");
const options = {
  ref,
  repo,
  signedBy,
  checkOnly: flag({ description: "only check for updates, change nothing" }),
  skipRebuild: flag({ description: "update the sources, do not rebuild the system" }),
  forceFull,
  rebuildAction: choice({
    choices: REBUILD_ACTIONS,
    description: "what to do with the new system",
    default: "switch",
  }),
  ...confirmOption,
  ...restartGuestsOption,
};

/** Brings an installation up to date, sources and system. */
export const devUpdate: Tool<typeof options> = {
  name: "dev-update",
  purpose: "Brings this installation up to date in one command: checks that it is healthy,\n" +
    "makes its sources a commit on GitHub, and rebuilds the system when it was not\n" +
    "built from that commit.",
  options,
  examples: [
    ["sudo dev-update", "update, and switch to the new system"],
    ["dev-update --check-only", "is there anything new?"],
    ["sudo dev-update --ref develop", "update to another branch"],
    ["sudo dev-update --skip-rebuild", "update the sources only"],
    ["sudo dev-update --rebuild-action test", "try the new system until the next reboot"],
  ],
  notes: `Steps: validator --quick, smart-sync, rebuild-helper; all under one lock.
A failed check that blocks updates asks whether to go on. Without a terminal it stops;
--yes goes on. A rebuild that failed is tried again by the next run, and the previous
sources are brought back by: smart-sync --rollback.`,
  reminder: tokenReminder,
  environment: syncEnvironment,
  exitCodes: {
    [ExitCode.Success]: "also when there is nothing to do, or, with --check-only, something",
    [ExitCode.General]: "also when units failed, or the machine went back",
    [ExitCode.InvalidArguments]: "also an unknown ref or repository",
    [ExitCode.Configuration]: "also when a failed check blocks the update",
  },
  needsRoot: ({ checkOnly }) => !checkOnly,
  writesLog: ({ checkOnly }) => !checkOnly,
  asks: ({ checkOnly }) => !checkOnly,
  // Loaded when there is work to do: --help needs none of it.
  run: async (ctx, values) => {
    const { devUpdate: run } = await import("../lib/update/dev_update.ts");
    return await run(ctx, values);
  },
};

if (import.meta.main) main(devUpdate);
