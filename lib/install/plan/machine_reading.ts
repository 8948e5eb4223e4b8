import { type Account, type Accounts, readAccounts } from "../../machine/accounts/accounts.ts";
import { type BootFiles, readBootFiles } from "../../machine/hardware/boot_loader.ts";
import { machineLink, machineText } from "../../machine/files/machine_files.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { type Hardware, readHardware } from "../../machine/hardware/hardware.ts";
import { type HostName, readHostName } from "../../machine/host_name.ts";
import { invokingUser } from "../../machine/accounts/invoking_user.ts";
import { type LocaleSettings, readLocale } from "../../machine/locale.ts";
import { mappedBelow } from "../../machine/hardware/mapped_below.ts";
import { type Mount, readMounts } from "../../machine/hardware/mounts.ts";
import { type OsRelease, readOsRelease } from "../../machine/os_release.ts";
import { places } from "../../machine/places.ts";
import { type Session, session } from "../../machine/accounts/session.ts";
import {
  readSshServerConfig,
  type SshServerConfig,
} from "../../machine/accounts/ssh_server_config.ts";
import { readSwap, type Swap } from "../../machine/hardware/swap.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { type Base, findBase } from "../../nix/evaluation/base.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { Identity } from "../../nix/evaluation/identity.ts";
import { type EvaluatedHost, readHost } from "../../nix/evaluation/read_configuration.ts";
import { refuseWhatNixMustNotRead } from "../../nix/read_by_nix.ts";
import type { Context } from "../../machine/context.ts";
import type { RunningEncryption } from "../carry/carry_running_disks.ts";
import { type HardwareFile, NO_HARDWARE_FILE, readHardwareFile } from "../carry/hardware_file.ts";
import type { InstallOptions } from "../options.ts";

/** Everything that is known of a machine before anything is decided. */
export interface MachineReading {
  readonly os: OsRelease;
  readonly hostName: HostName | undefined;
  readonly accounts: Accounts;
  readonly invokingUser: Account | undefined;
  readonly session: Session;
  readonly hardware: Hardware;
  /** Only for an installation without a base. */
  readonly hardwareFile: HardwareFile;
  readonly mounts: readonly Mount[];
  readonly bootFiles: BootFiles;
  readonly locale: LocaleSettings;
  readonly swap: Swap;
  readonly encryption: RunningEncryption;
  readonly sshServer: SshServerConfig | undefined;
  /** `system.stateVersion` as written in configuration.nix, for when it cannot be evaluated. */
  readonly writtenStateVersion: string | undefined;
  /** The owner's configuration; undefined where none was found. */
  readonly base: Base | undefined;
  /** That configuration, evaluated once; or why it could not be. */
  readonly facts: ConfigurationFacts | undefined;
  readonly identity: Identity | undefined;
  readonly factsProblem: ToolError | undefined;
}

/**
 * Reads a machine: changes nothing, needs no root; what could not be read is said, not guessed.
 * @throws ToolError for a `--config` that is no good
 */
export async function readMachine(
  ctx: Context,
  options: Pick<InstallOptions, "config" | "keepConfig">,
): Promise<MachineReading> {
  // Before it is told that the configuration cannot be evaluated.
  refuseWhatNixMustNotRead(ctx);
  const accounts = readAccounts(ctx);
  const mounts = readMounts(ctx);
  const progress = ctx.ui.progress("Evaluating your configuration");
  const { base, host, problem } = await existingHost(ctx, options.config);
  // A base says all of the hardware itself.
  const hardwareFile = options.keepConfig ? undefined : await readHardwareFile(ctx);
  progress.done(
    problem === undefined
      ? "your configuration was evaluated"
      : `your configuration was not evaluated: ${problem.message}`,
  );
  return {
    os: readOsRelease(ctx),
    hostName: readHostName(ctx),
    accounts,
    invokingUser: invokingUser(ctx, accounts),
    session: session(ctx),
    hardware: readHardware(ctx),
    hardwareFile: hardwareFile ?? NO_HARDWARE_FILE,
    mounts,
    bootFiles: readBootFiles(ctx, mounts),
    locale: readLocale(ctx),
    swap: readSwap(ctx),
    encryption: { belowRoot: mappedBelow(ctx, "/"), crypttab: ownCrypttab(ctx) },
    sshServer: readSshServerConfig(ctx),
    writtenStateVersion: stateVersionIn(
      machineText(ctx, `${places.nixos}/configuration.nix`) ?? "",
    ),
    base,
    facts: host?.facts,
    identity: host?.identity,
    factsProblem: problem,
  };
}

function ownCrypttab(ctx: Context): string | undefined {
  const path = "/etc/crypttab";
  return machineLink(ctx, path)?.startsWith("/etc/static/") ? machineText(ctx, path) : undefined;
}

/** What a person names must be good; what is only looked for may be missing. */
async function existingHost(ctx: Context, config: string | undefined): Promise<{
  readonly base?: Base | undefined;
  readonly host?: EvaluatedHost;
  readonly problem?: ToolError;
}> {
  if (!ctx.run.which("nix-instantiate")) {
    const hint = "run it on the NixOS machine itself";
    return {
      problem: new ToolError("Nix is not installed here", { code: ExitCode.Configuration, hint }),
    };
  }
  let base: Base | undefined;
  try {
    base = await findBase(ctx, config);
    return { base, host: await readHost(ctx, base.source) };
  } catch (error) {
    if (!(error instanceof ToolError) || config !== undefined && base === undefined) throw error;
    return { base, problem: error };
  }
}

/**
 * The `system.stateVersion` that a configuration.nix says in so many words; undefined where it does not, or
 * where it may be another's (home-manager has one of each user).
 */
export function stateVersionIn(text: string): string | undefined {
  const code = text.replace(/\/\*[^]*?\*\/|#.*$/gm, "");
  const value = String.raw`stateVersion\s*=\s*(?:(?:lib\.)?mk(?:Default|Force)\s+)?"(\d\d\.\d\d)"`;
  const said = (before: string) =>
    new Set(code.matchAll(new RegExp(before + value, "g")).map(([, version]) => version!));
  const named = said(String.raw`\bsystem\s*\.\s*`);
  const found = named.size > 0 ? named : said(String.raw`(?<![\w.-])`);
  return found.size === 1 ? [...found][0] : undefined;
}
