import { type Accounts, readAccounts } from "../machine/accounts.ts";
import { type BootFiles, readBootFiles } from "../machine/boot_loader.ts";
import { readTextIfExists } from "../machine/files.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { type Hardware, readHardware } from "../machine/hardware.ts";
import { type HostName, readHostName } from "../machine/host_name.ts";
import { type InvokingUser, invokingUser } from "../machine/invoking_user.ts";
import { type LocaleSettings, readLocale } from "../machine/locale.ts";
import { machineFolder } from "../machine/machine_files.ts";
import { type Mount, readMounts } from "../machine/mounts.ts";
import { type OsRelease, readOsRelease } from "../machine/os_release.ts";
import { places } from "../machine/places.ts";
import { type Session, session } from "../machine/session.ts";
import { refuseSpecial } from "../machine/regular_file.ts";
import { readSshServerConfig, type SshServerConfig } from "../machine/ssh_server_config.ts";
import { readSwap, type Swap } from "../machine/swap.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { ConfigurationFacts } from "../nix/configuration_facts.ts";
import { findConfiguration } from "../nix/configuration_source.ts";
import { readConfiguration } from "../nix/read_configuration.ts";
import type { Context } from "../program/context.ts";
import { type HardwareFile, readHardwareFile } from "./hardware_file.ts";

/** Everything that is known of a machine before anything is decided. */
export interface MachineReading {
  readonly os: OsRelease;
  readonly hostName: HostName | undefined;
  readonly accounts: Accounts;
  readonly invokingUser: InvokingUser | undefined;
  readonly session: Session;
  readonly hardware: Hardware;
  readonly hardwareFile: HardwareFile;
  readonly mounts: readonly Mount[];
  readonly bootFiles: BootFiles;
  readonly locale: LocaleSettings;
  readonly swap: Swap;
  readonly sshServer: SshServerConfig | undefined;
  /** `system.stateVersion` as written in configuration.nix, for when it cannot be evaluated. */
  readonly writtenStateVersion: string | undefined;
  /** The existing configuration, evaluated once; or why it could not be. */
  readonly facts: ConfigurationFacts | undefined;
  readonly factsProblem: ToolError | undefined;
}

/** Reads a machine: changes nothing, needs no root; what could not be read is said, not guessed. */
export async function readMachine(ctx: Context): Promise<MachineReading> {
  // Nix would wait for a pipe here for ever.
  for (const name of machineFolder(ctx, places.nixos)) {
    refuseSpecial(ctx.root.follow(`${places.nixos}/${name}`));
  }
  const accounts = readAccounts(ctx);
  const mounts = readMounts(ctx);
  const progress = ctx.ui.progress("Evaluating the existing configuration");
  const [facts, hardwareFile] = await Promise.all([existingFacts(ctx), readHardwareFile(ctx)]);
  progress.done(
    facts instanceof ToolError
      ? `the existing configuration was not evaluated: ${facts.message}`
      : "the existing configuration was evaluated",
  );
  return {
    os: readOsRelease(ctx),
    hostName: readHostName(ctx),
    accounts,
    invokingUser: invokingUser(ctx, accounts),
    session: session(ctx),
    hardware: readHardware(ctx),
    hardwareFile,
    mounts,
    bootFiles: readBootFiles(ctx, mounts),
    locale: readLocale(ctx),
    swap: readSwap(ctx),
    sshServer: readSshServerConfig(ctx),
    writtenStateVersion: writtenStateVersion(ctx),
    facts: facts instanceof ToolError ? undefined : facts,
    factsProblem: facts instanceof ToolError ? facts : undefined,
  };
}

async function existingFacts(ctx: Context): Promise<ConfigurationFacts | ToolError> {
  try {
    if (!ctx.run.which("nix-instantiate")) return notEvaluated("Nix is not installed here");
    const found = await findConfiguration(ctx);
    if (found.kind === "none") return notEvaluated(found.reason);
    if (found.kind === "ambiguous") {
      return notEvaluated(
        `${found.flake.url} has several hosts and none is named as this machine: ` +
          found.hosts.join(", "),
      );
    }
    return await readConfiguration(ctx, found.source);
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
}

function notEvaluated(reason: string): ToolError {
  return new ToolError(reason, {
    code: ExitCode.Configuration,
    hint: "see why it does not evaluate: nixos-rebuild dry-build",
  });
}

function writtenStateVersion(ctx: Context): string | undefined {
  const text = readTextIfExists(ctx.root.follow(`${places.nixos}/configuration.nix`)) ?? "";
  const uncommented = text.replace(/#.*$/gm, "");
  return uncommented.match(/\bstateVersion\s*=\s*"([^"]+)"/)?.[1];
}
