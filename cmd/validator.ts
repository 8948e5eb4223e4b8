import { ExitCode } from "../lib/machine/exit_code.ts";
import { sshEnvironment } from "../lib/program/environment.ts";
import { givenWords } from "../lib/program/given_words.ts";
import { main } from "../lib/program/main.ts";
import { flag, targetHostOption } from "../lib/program/options.ts";
import type { Tool } from "../lib/program/tool.ts";
import { VERSION } from "../lib/program/version.ts";

const options = {
  quick: flag({ description: "essential checks only: no evaluation, no network" }),
  fix: flag({ description: "repair what is safe to repair; never deletes data" }),
  metrics: flag({
    description: "print the results for Prometheus",
    details: "as text for node_exporter's textfile collector on stdout, the rest on stderr; the " +
      "module writes it with hypervisor.validator.metricsFolder",
  }),
  ...targetHostOption("check [USER@]HOST, over SSH"),
};

/** Says whether an installation is healthy. */
export const validator: Tool<typeof options> = {
  name: "validator",
  purpose: "Checks that this Hyper-NixOS installation is healthy: folders, configuration,\n" +
    "services, security and resources. Ends with 6 when a check fails. Changes\n" +
    "nothing unless --fix is given.",
  options,
  examples: [
    ["sudo validator", "check everything"],
    ["validator --quick", "the essentials, within a second"],
    ["sudo validator --fix", "repair what is safe, and check again"],
    ["sudo validator --metrics", "for Prometheus"],
    ["validator --target-host root@host2", "check another machine"],
    ["sudo validator --json | jq '.checks[] | select(.status == \"fail\")'", "for programs"],
  ],
  notes: `Each line says ✓ passed, ! warning, ✗ failed or – skipped, with the reason.
Without root, what only root may see is skipped. Every check is described in
docs/validator.md.`,
  environment: sshEnvironment,
  exitCodes: {
    [ExitCode.Success]: "no check fails; warnings are allowed",
    [ExitCode.PermissionDenied]: "also when none fails but some could not look",
    [ExitCode.Configuration]: "a check fails",
  },
  needsRoot: ({ fix, targetHost }) => fix && targetHost === undefined,
  // Others than root cannot write it, and need not be told so at every check.
  writesLog: ({ fix }) => fix || Deno.uid() === 0,
  asks: ({ fix }) => fix,
  printsData: ({ metrics }) => metrics,
  // Loaded when there is work to do: --help needs none of it.
  run: async (ctx, values) => {
    const { targetHost } = values;
    if (targetHost !== undefined) {
      const { validateThere } = await import("../lib/validate/validate_there.ts");
      const words = givenWords(options, values, ["targetHost", "root"]);
      const tool = { name: "validator", version: VERSION };
      return await validateThere(ctx, { ...values, targetHost, words, tool });
    }
    const { validator: run } = await import("../lib/validate/validator.ts");
    return await run(ctx, values);
  },
};

if (import.meta.main) main(validator);
