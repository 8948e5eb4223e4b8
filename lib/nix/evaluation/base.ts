import { ExitCode } from "../../machine/exit_code.ts";
import { type HostBase, usableHostRecord } from "../../machine/host_record.ts";
import {
  machineFolder,
  machineHas,
  machineText,
  readMachineFile,
} from "../../machine/files/machine_files.ts";
import { places } from "../../machine/places.ts";
import { absolutePath } from "../../machine/files/files.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import type { ConfigurationSource } from "./configuration_source.ts";
import { checkoutOf } from "../flakes/flake_environment.ts";
import { hostsOf, requireHost } from "../flakes/flake_hosts.ts";
import { noHosts } from "../flakes/flake_outputs.ts";
import { type FlakeReference, resolveFlake } from "../flakes/flake_reference.ts";
import { nixPath, systemSearchPath } from "../search_path.ts";
import { refreshIndex } from "../flakes/uncommitted_files.ts";

/** The owner's configuration of a machine: what a new host is made on. */
export interface Base {
  /** As host.json names it, with machine paths. */
  readonly record: HostBase;
  /** How it is evaluated from here. */
  readonly source: ConfigurationSource;
  /** What named it: `--config`, `host.json`, `/etc/nixos/flake.nix` … */
  readonly foundBy: string;
}

/**
 * Finds the configuration that a machine is built from: the one named, else the base of a machine that
 * is installed already, or what its host without a base was made from, else what `nixos-rebuild` would build: the flake whose flake.nix is (or is
 * linked from) /etc/nixos, with the host named as the machine is, else configuration.nix with the
 * system's channels. Our own tree, linked there by an earlier installation, is no base.
 *
 * On a mounted machine, files that a configuration imports by absolute path (`/etc/nixos/x.nix`) are
 * looked for on this machine: Nix cannot be told otherwise. nixos-install has the same limit.
 * @param named the value of `--config`: a configuration.nix, or a flake with an optional `#HOST`
 * @throws ToolError that says why there is none: 4 or 6
 */
export async function findBase(ctx: Context, named?: string): Promise<Base> {
  if (named !== undefined) return await namedBase(ctx, named);
  const record = recordedBase(ctx);
  if (record !== undefined) {
    await refreshIndex(ctx, checkoutOf(ctx, record));
    return { record, source: sourceOf(ctx, record), foundBy: "host.json" };
  }
  const link = readMachineFile(ctx, places.flakeLink);
  if (link.kind === "unreadable") {
    throw none(
      `${places.flakeLink} cannot be read: ${link.reason}`,
      "mend it, or name the configuration with --config",
    );
  }
  if (link.kind === "read" && !isOwnTree(ctx)) {
    return await flakeBase(ctx, resolveFlake(ctx, places.nixos), undefined, places.flakeLink);
  }
  return channelBase(ctx, configurationPath(ctx), "as nixos-rebuild finds it");
}

/** The base of a machine that is installed already, or what its host was made from while that is there. */
function recordedBase(ctx: Context): HostBase | undefined {
  const record = usableHostRecord(ctx);
  const from = record?.carriedFrom;
  const path = from?.kind === "channel" ? from.configuration : from?.directory;
  return record?.base ?? (path === undefined || machineHas(ctx, path) ? from : undefined);
}

/** How a base is evaluated from this host. */
export function sourceOf(ctx: Context, base: HostBase): ConfigurationSource {
  if (base.kind === "channel") {
    return {
      kind: "channel",
      configuration: ctx.root.host(base.configuration),
      nixPath: nixPath(ctx, base.searchPath),
    };
  }
  const { host, directory, checkout } = base;
  const flake: FlakeReference = directory === undefined ? { url: base.url } : {
    url: onHost(ctx, base.url),
    directory: ctx.root.host(directory),
    ...(checkout === undefined ? {} : { checkout: ctx.root.host(checkout) }),
  };
  return { kind: "flake", flake, host };
}

async function namedBase(ctx: Context, named: string): Promise<Base> {
  const path = absolutePath(named);
  const isFlake = named.includes("#") || /^[a-z][a-z+]*:/.test(named) ||
    machineHas(ctx, `${path.split("?")[0]}/flake.nix`) || path.endsWith("/flake.nix");
  if (isFlake) {
    const flake = resolveFlake(ctx, named);
    return await flakeBase(ctx, flake, flake.attribute, "--config");
  }
  const file = machineFolder(ctx, path).length > 0 ? fileOfFolder(ctx, path) : path;
  const configuration = ctx.root.machine(file);
  if (!machineHas(ctx, configuration)) {
    throw new ToolError(`there is no configuration at ${configuration}, which --config names`, {
      code: ExitCode.InvalidArguments,
      hint:
        "name a configuration.nix, a folder with one, a default.nix or a flake.nix, or FLAKE#HOST",
    });
  }
  return channelBase(ctx, configuration, "--config");
}

/** A folder without a configuration.nix is its default.nix, as Nix itself imports folders. */
function fileOfFolder(ctx: Context, folder: string): string {
  const plain = `${folder}/configuration.nix`;
  const imported = `${folder}/default.nix`;
  return machineHas(ctx, plain) || !machineHas(ctx, imported) ? plain : imported;
}

function channelBase(ctx: Context, configuration: string, foundBy: string): Base {
  const content = readMachineFile(ctx, configuration);
  const hint = "name the configuration with --config PATH or --config FLAKE#HOST";
  if (content.kind === "absent") {
    throw none(
      isOwnTree(ctx)
        ? `an earlier installation leads ${places.flakeLink} to ${places.source}, and there is no ${configuration}`
        : `there is neither ${places.flakeLink} nor ${configuration}`,
      isOwnTree(ctx)
        ? `take that installation back first (system-installer --undo), or ${hint}`
        : hint,
    );
  }
  if (content.kind === "unreadable") {
    throw none(`${configuration} cannot be read: ${content.reason}`, hint);
  }
  const searchPath = systemSearchPath(ctx);
  if (searchPath === undefined) {
    throw none(
      "no channel with NixOS was found, and none in NIX_PATH",
      "add one: nix-channel --add https://nixos.org/channels/nixos-RELEASE nixos; nix-channel --update",
    );
  }
  // Nix would follow a link of a mounted machine out of its root.
  const file = ctx.root.isRunning ? configuration : ctx.root.realPath(configuration);
  const record: HostBase = { kind: "channel", configuration: file, searchPath };
  return { record, source: sourceOf(ctx, record), foundBy };
}

async function flakeBase(
  ctx: Context,
  flake: FlakeReference,
  named: string | undefined,
  foundBy: string,
): Promise<Base> {
  const hosts = await hostsOf(ctx, flake);
  if (hosts.length === 0) {
    throw await noHosts(
      ctx,
      flake,
      "name what this machine is built from: --config PATH or FLAKE#HOST",
    );
  }
  const own = machineHostName(ctx);
  // The name may be a full one, as cloud-init sets it.
  const host = named ??
    [own, own?.split(".")[0]].find((name) => name !== undefined && hosts.includes(name)) ??
    (hosts.length === 1 ? hosts[0] : undefined);
  if (host === undefined) {
    throw none(
      `${flake.url} has several hosts and none is named as this machine: ${hosts.join(", ")}`,
      `name the one that this machine is: --config ${
        foundBy === "--config" ? "FLAKE" : places.nixos
      }#HOST`,
    );
  }
  requireHost(flake, hosts, host);
  const { directory, checkout } = flake;
  const record: HostBase = {
    kind: "flake",
    url: onMachine(ctx, flake.url),
    host,
    ...(directory === undefined ? {} : { directory: ctx.root.machine(directory) }),
    ...(checkout === undefined ? {} : { checkout: ctx.root.machine(checkout) }),
  };
  return { record, source: { kind: "flake", flake, host }, foundBy };
}

/** Whether /etc/nixos/flake.nix is the one of our source tree, or of its host. */
function isOwnTree(ctx: Context): boolean {
  const leadsTo = ctx.root.realPath(places.flakeLink);
  return [places.source, places.host].some((folder) =>
    leadsTo === ctx.root.realPath(`${folder}/flake.nix`)
  );
}

/** Whether /etc/nixos/flake.nix may be a link to our flake: there is none of the owner's. */
export function mayLeadToOurs(ctx: Context): boolean {
  return readMachineFile(ctx, places.flakeLink).kind === "absent" || isOwnTree(ctx);
}

/** References to local flakes in host.json are of the machine's own paths. */
const LOCAL = /^(git\+file:\/\/|path:)(?=\/)/;

function onMachine(ctx: Context, url: string): string {
  const [scheme] = LOCAL.exec(url) ?? [];
  return ctx.root.isRunning || scheme === undefined
    ? url
    : scheme + ctx.root.machine(url.slice(scheme.length));
}

function onHost(ctx: Context, url: string): string {
  return ctx.root.isRunning ? url : url.replace(LOCAL, (scheme) => scheme + ctx.root.path);
}

/** NIXOS_CONFIG and the `nixos-config` entry of the system's NIX_PATH, as nixos-rebuild reads them. */
function configurationPath(ctx: Context): string {
  const plain = `${places.nixos}/configuration.nix`;
  const entry = systemSearchPath(ctx)?.find((entry) => entry.startsWith("nixos-config="));
  const named = ctx.root.isRunning && ctx.env.NIXOS_CONFIG ||
    entry?.slice("nixos-config=".length) || plain;
  return machineHas(ctx, `${named}/default.nix`) ? `${named}/default.nix` : named;
}

function machineHostName(ctx: Context): string | undefined {
  if (ctx.root.isRunning) return Deno.hostname();
  return machineText(ctx, "/etc/hostname")?.trim() || undefined;
}

function none(message: string, hint: string): ToolError {
  return new ToolError(message, { code: ExitCode.Configuration, hint });
}
