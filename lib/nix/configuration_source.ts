import type { Context } from "../program/context.ts";
import { readMachineFile } from "../machine/machine_files.ts";
import { ToolError } from "../machine/tool_error.ts";
import { channelSearchPath } from "./channels.ts";
import { evaluateFlake, evaluateJson, type ExpressionOptions } from "./evaluate.ts";
import { path } from "./expression.ts";
import { printExpression } from "./expression_layout.ts";
import { flakeEnvironment, hostsOf } from "./flake_hosts.ts";
import { type FlakeReference, resolveFlake } from "./flake_reference.ts";
import { places } from "../machine/places.ts";

/** Where an evaluated NixOS configuration comes from. */
export type ConfigurationSource =
  | {
    readonly kind: "channel";
    /** Host path of configuration.nix. */
    readonly configuration: string;
    /** Entries of Nix's search path, as after `-I`, that come before the caller's NIX_PATH. */
    readonly searchPath: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  }
  | {
    readonly kind: "flake";
    readonly flake: FlakeReference;
    /** The name in `nixosConfigurations`. */
    readonly host: string;
    /** Inputs to take from elsewhere than the lock file says, by name. */
    readonly overrideInputs?: Readonly<Record<string, string>>;
    /** For example HYPERVISOR_ROOT, for a host that is staged under another root. */
    readonly env?: Readonly<Record<string, string>>;
  };

/** How to evaluate a source. `writeStore` is about channels: flakes may always write to the store. */
export type SourceOptions = Pick<ExpressionOptions, "timeout" | "writeStore">;

/** What {@link findConfiguration} found. */
export type FoundConfiguration =
  | { readonly kind: "found"; readonly source: ConfigurationSource }
  /** A flake with several hosts, none of which has the machine's name. */
  | {
    readonly kind: "ambiguous";
    readonly flake: FlakeReference;
    readonly hosts: readonly string[];
  }
  | { readonly kind: "none"; readonly reason: string };

/**
 * Decides which configuration a machine is built from, as nixos-rebuild does: the flake whose flake.nix
 * is (or is linked from) /etc/nixos, else configuration.nix with the channel. Never throws for what
 * it finds; an unusable flake is a reason.
 *
 * On a mounted machine, files that a configuration imports by absolute path (`/etc/nixos/x.nix`) are
 * looked for on this machine: Nix cannot be told otherwise. nixos-install has the same limit.
 */
export async function findConfiguration(ctx: Context): Promise<FoundConfiguration> {
  const flakeFile = readMachineFile(ctx, places.flakeLink);
  if (flakeFile.kind === "unreadable") {
    return none(`${places.flakeLink} cannot be read: ${flakeFile.reason}`);
  }
  if (flakeFile.kind === "read") return await findHost(ctx);
  const configuration = configurationPath(ctx);
  const content = readMachineFile(ctx, configuration);
  if (content.kind === "absent") {
    return none(`there is neither ${places.flakeLink} nor ${configuration}`);
  }
  if (content.kind === "unreadable") {
    return none(`${configuration} cannot be read: ${content.reason}`);
  }
  const searchPath = channelSearchPath(ctx);
  if (searchPath === undefined) {
    return none("no channel with NixOS was found, and none in NIX_PATH");
  }
  return {
    kind: "found",
    source: { kind: "channel", configuration: ctx.root.follow(configuration), searchPath },
  };
}

async function findHost(ctx: Context): Promise<FoundConfiguration> {
  try {
    const flake = resolveFlake(ctx, places.nixos);
    const hosts = await hostsOf(ctx, flake);
    const own = machineHostName(ctx);
    // The name may be a full one, as cloud-init sets it.
    const named = [own, own?.split(".")[0]].find((name) =>
      name !== undefined && hosts.includes(name)
    );
    const host = named !== undefined ? named : hosts.length === 1 ? hosts[0] : undefined;
    if (host !== undefined) return { kind: "found", source: { kind: "flake", flake, host } };
    return hosts.length === 0
      ? none(`${flake.url} has no nixosConfigurations`)
      : { kind: "ambiguous", flake, hosts };
  } catch (error) {
    if (error instanceof ToolError) return none(error.message);
    throw error;
  }
}

/**
 * Applies a Nix function to a source's evaluated NixOS (a set with `config`, `options` and `pkgs`).
 * @param code the function's Nix code
 * @throws ToolError as `evaluateJson`
 */
export async function applyToSource(
  ctx: Context,
  source: ConfigurationSource,
  code: string,
  options: SourceOptions = {},
): Promise<unknown> {
  const what = describeSource(ctx, source);
  const env = { ...flakeEnvironment(ctx), ...source.env };
  if (source.kind === "flake") {
    const attribute = ["nixosConfigurations", source.host];
    const { overrideInputs = {} } = source;
    return await evaluateFlake(ctx, source.flake.url, attribute, code, {
      ...options,
      what,
      env,
      overrideInputs,
    });
  }
  const argument = printExpression({ configuration: path(source.configuration) });
  const { searchPath } = source;
  return await evaluateJson(ctx, `(${code}) (import <nixpkgs/nixos> ${argument})`, {
    ...options,
    what,
    env,
    searchPath,
  });
}

/** A source in a few words, for messages and the plan. */
export function describeSource(ctx: Context, source: ConfigurationSource): string {
  return source.kind === "channel"
    ? ctx.root.machine(source.configuration)
    : `${source.flake.url}#${source.host}`;
}

/** NIXOS_CONFIG and the `nixos-config` entry of NIX_PATH are about the running machine. */
function configurationPath(ctx: Context): string {
  const plain = `${places.nixos}/configuration.nix`;
  if (!ctx.root.isRunning) return plain;
  const entry = ctx.env.NIX_PATH?.split(":").find((entry) => entry.startsWith("nixos-config="));
  const named = ctx.env.NIXOS_CONFIG || entry?.slice("nixos-config=".length) || plain;
  return readMachineFile(ctx, `${named}/default.nix`).kind === "read"
    ? `${named}/default.nix`
    : named;
}

function machineHostName(ctx: Context): string | undefined {
  if (ctx.root.isRunning) return Deno.hostname();
  const content = readMachineFile(ctx, "/etc/hostname");
  if (content.kind !== "read") return undefined;
  return new TextDecoder().decode(content.bytes).trim() || undefined;
}

function none(reason: string): FoundConfiguration {
  return { kind: "none", reason };
}
