import { ToolError } from "../machine/tool_error.ts";
import { ExitCode } from "../machine/exit_code.ts";
import type { RunOptions, RunResult } from "../machine/run.ts";
import type { Context } from "../machine/context.ts";
import { nixConfig } from "../machine/child_environment.ts";
import { flakeEnvironment } from "./flakes/flake_environment.ts";
import { refuseWhatNixMustNotRead } from "./read_by_nix.ts";

/** What to build, and how. */
export interface BuildOptions {
  /** A resolved flake reference, without `#attribute`. */
  readonly flake: string;
  /** The attribute of `nixosConfigurations`. */
  readonly host: string;
  readonly impure: boolean;
  readonly showTrace: boolean;
  /** For Nix, for example `["--max-jobs", "auto", "--option", "http-connections", "25"]`. */
  readonly nixOptions: readonly string[];
}

/** An option that no nixos-rebuild has; see {@link supportsOption}. */
const PROBE = "--hyper-nixos-probe";

/**
 * Whether this nixos-rebuild takes an option, found by asking it: an unknown option makes both the
 * shell nixos-rebuild (`unknown option`) and nixos-rebuild-ng (`unrecognized arguments`) stop before
 * they do anything, naming it. Without an action nothing could be built either.
 * @param value the option's argument
 */
export async function supportsOption(
  ctx: Context,
  option: string,
  ...value: string[]
): Promise<boolean> {
  const { stdout, stderr } = await ctx.run("nixos-rebuild", [option, ...value, PROBE], {
    accept: "any",
    timeout: 20_000,
    env: { MANPAGER: "cat", PAGER: "cat" },
  });
  const complaint = (stdout + stderr).split("\n")
    .filter((line) => /unknown option|unrecognized arguments/.test(line)).join("\n");
  return complaint.includes(PROBE) && !complaint.includes(option);
}

/**
 * Runs `nixos-rebuild build` or `dry-build`. Neither re-executes or builds nixos-rebuild itself first,
 * in the shell version and in nixos-rebuild-ng: both do that for switch, boot and test only.
 * `--option` pairs travel in NIX_CONFIG: early nixos-rebuild-ng keeps only the last of several.
 * @throws ToolError exit 2 when there is no nixos-rebuild; as {@link refuseWhatNixMustNotRead}
 */
export async function runNixosRebuild(
  ctx: Context,
  action: "build" | "dry-build",
  options: BuildOptions,
  run: RunOptions & { readonly jsonLog: boolean },
): Promise<RunResult> {
  refuseWhatNixMustNotRead(ctx);
  const { args, settings } = splitSettings(options.nixOptions);
  const { jsonLog, ...runOptions } = run;
  return await ctx.run("nixos-rebuild", [
    action,
    "--flake",
    `${options.flake}#${options.host}`,
    ...(options.impure ? ["--impure"] : []),
    ...(options.showTrace ? ["--show-trace"] : []),
    ...(jsonLog ? ["--log-format", "internal-json"] : []),
    ...args,
  ], {
    ...runOptions,
    env: {
      ...flakeEnvironment(ctx),
      ...run.env,
      NIX_CONFIG: nixConfig(withSettings(ctx, settings)),
    },
    accept: "any",
  });
}

/** Separates `--option NAME VALUE` from the other options. */
function splitSettings(
  nixOptions: readonly string[],
): { args: string[]; settings: string[] } {
  const args: string[] = [];
  const settings: string[] = [];
  for (let index = 0; index < nixOptions.length; index++) {
    if (nixOptions[index] !== "--option") {
      args.push(nixOptions[index]!);
      continue;
    }
    const [name, value] = [nixOptions[++index], nixOptions[++index]];
    if (name === undefined || value === undefined || /[\n=]/.test(name) || value.includes("\n")) {
      throw new ToolError(`"--option ${name ?? ""}" is not a Nix setting`, {
        code: ExitCode.InvalidArguments,
        hint: "write --option NAME VALUE",
      });
    }
    settings.push(`${name} = ${value}`);
  }
  return { args, settings };
}

function withSettings(ctx: Context, settings: readonly string[]): string {
  return [ctx.env.NIX_CONFIG?.trimEnd() ?? "", ...settings].filter((line) => line !== "").join(
    "\n",
  );
}
