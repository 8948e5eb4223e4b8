import { someOf } from "../layout/counted.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { lstatIfExists, parentOf } from "../machine/files/files.ts";
import { machineText } from "../machine/files/machine_files.ts";
import { readHostName } from "../machine/host_name.ts";
import { requireHostRecord } from "../machine/host_record.ts";
import { places } from "../machine/places.ts";
import { ToolError } from "../machine/tool_error.ts";
import { hostsOf, requireHost } from "../nix/flakes/flake_hosts.ts";
import { noHosts } from "../nix/flakes/flake_outputs.ts";
import { asHostFlake, hostFolder, hostReference } from "../nix/expressions/host_flake.ts";
import { type FlakeReference, resolveFlake } from "../nix/flakes/flake_reference.ts";
import { NOTHING_HANDED } from "./handed_options.ts";
import { uncommittedFiles } from "../nix/flakes/uncommitted_files.ts";
import type { Context } from "../machine/context.ts";
import type { RebuildOptions } from "./options.ts";
import { commandLine } from "../machine/shell_words.ts";

/** A host of a flake, both there. */
export interface Target {
  readonly flake: FlakeReference;
  readonly host: string;
}

/**
 * Finds what is to be built: resolves the flake, warns of files that Nix will not see, and makes sure
 * that it has the host. A host that nobody named is the one that host.json names for the installed tree,
 * for other flakes the machine's own name.
 * @throws ToolError exit 4 for what is no flake reference, 6 when the flake or the host is not there
 */
export async function findTarget(
  ctx: Context,
  options: Pick<RebuildOptions, "flake" | "host" | "handed" | "impure">,
): Promise<Target> {
  const named = asHostFlake(ctx, resolveFlake(ctx, options.flake ?? usualFlake(ctx)));
  const flake = asAsked(named, options);
  const host = hostOf(ctx, flake, options.host);
  await warnOfUncommitted(ctx, flake);
  const hosts = await hostsOf(ctx, flake);
  if (hosts.length === 0) throw await noHosts(ctx, flake, "name another flake with --flake");
  requireHost(flake, hosts, host);
  return { flake, host };
}

/** The evaluation for the proofs and the build get the same options: what is built is what was proven. */
function asAsked(
  flake: FlakeReference,
  { handed = NOTHING_HANDED, impure }: Pick<RebuildOptions, "handed" | "impure">,
): FlakeReference {
  const own = Object.keys(flake.inputs ?? {}).find((name) => name in handed.inputs);
  if (own !== undefined) {
    throw new ToolError(`the input "${own}" of ${flake.url} is the installed source tree`, {
      code: ExitCode.InvalidArguments,
      hint: "build another tree with --flake",
    });
  }
  return {
    ...flake,
    pure: flake.pure || !impure,
    inputs: { ...flake.inputs, ...handed.inputs },
    flags: handed.flags,
  };
}

/**
 * As a path, not as Nix reads a bare folder: a `.git` in the tree or above it (etckeeper) must not decide
 * which of its files are seen. In /etc/nixos may be a flake of the owner's, on which ours is based.
 * @throws ToolError exit 6 when neither is there
 */
function usualFlake(ctx: Context): string {
  const isInstalled = [places.hostRecord, `${places.source}/flake.nix`]
    .every((path) => lstatIfExists(ctx.root.follow(path)) !== undefined);
  if (isInstalled) return hostReference(ctx);
  if (lstatIfExists(ctx.root.follow(places.flakeLink)) === undefined) {
    throw new ToolError(
      `Hyper-NixOS is not installed here, and there is no ${places.flakeLink}`,
      {
        code: ExitCode.Configuration,
        hint: "install it first (system-installer), or name a flake with --flake; nixos-rebuild " +
          "builds a configuration.nix",
      },
    );
  }
  return places.nixos;
}

function hostOf(ctx: Context, flake: FlakeReference, named: string | undefined): string {
  if (named !== undefined && flake.attribute !== undefined && named !== flake.attribute) {
    throw new ToolError(`--host says ${named}, the flake reference says ${flake.attribute}`, {
      code: ExitCode.InvalidArguments,
      hint: "name the host once",
    });
  }
  const host = named ?? flake.attribute ?? installedHost(ctx, flake) ?? readHostName(ctx)?.name;
  if (host === undefined) {
    throw new ToolError("this machine has no host name", {
      code: ExitCode.Configuration,
      hint: "name the host with --host",
    });
  }
  return host;
}

/**
 * What the installed tree calls this machine. The kernel's name is another one from the moment that an
 * installation with a new name is written until the reboot after its switch.
 */
function installedHost(ctx: Context, flake: FlakeReference): string | undefined {
  return isInstalledTree(ctx, flake) ? requireHostRecord(ctx)?.hostName : undefined;
}

/** Whether a flake is the one that an installation put in place: the source tree, or that of its host. */
export function isInstalledTree(ctx: Context, { directory }: FlakeReference): boolean {
  return directory === parentOf(ctx.root.follow(`${hostFolder(ctx)}/flake.nix`));
}

/**
 * The host of a published tree reads a copy of the hardware file, because a pure flake sees its own folder
 * alone. When the machine's own file changed since (nixos-generate-config after a new disk), the next boot
 * would be made for the old disks.
 * @throws ToolError exit 6 when the two differ
 */
export function requireHardwareCopy(ctx: Context, { flake }: Target): void {
  if (!flake.pure || !isInstalledTree(ctx, flake)) return;
  const copy = `${places.host}/hardware-configuration.nix`;
  const own = machineText(ctx, places.hardwareConfiguration);
  // A machine without the file has its disks from the copy alone.
  if (own === undefined || own === machineText(ctx, copy)) return;
  const [from, to] = [ctx.root.host(places.hardwareConfiguration), ctx.root.host(copy)];
  throw new ToolError(`${from} is not what the host is built with: ${to} is another`, {
    code: ExitCode.Configuration,
    hint:
      `compare them (${
        commandLine("diff", [to, from])
      }) and copy the right one over the other, for a new disk: ` +
      commandLine("cp", [from, to]),
  });
}

const NONE = { untracked: [], changed: [] };

async function warnOfUncommitted(ctx: Context, flake: FlakeReference): Promise<void> {
  if (!ctx.run.which("git")) return;
  try {
    const { untracked, changed } = await uncommittedFiles(ctx, flake) ?? NONE;
    if (untracked.length > 0) {
      ctx.log.warn(
        `Nix does not see files that git does not track: ${someOf(untracked)} (git add them)`,
      );
    }
    if (changed.length > 0) ctx.log.warn(`built with uncommitted changes: ${someOf(changed)}`);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    ctx.log.warn(error.message);
  }
}
