import * as v from "valibot";
import type { Context } from "../../machine/context.ts";
import { lstatIfExists } from "../../machine/files/files.ts";
import { kernelContext } from "../../machine/hardware/kernel_files.ts";
import { places } from "../../machine/places.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { evaluateJson } from "../../nix/evaluation/evaluate.ts";
import { printExpression } from "../../nix/expressions/expression_layout.ts";
import { type FileStep, publicFile } from "../step.ts";

const NamesSchema = v.object({
  fileSystems: v.array(v.string()),
  luks: v.array(v.string()),
  swap: v.array(v.string()),
  /** Of the kernel and of the initial ramdisk. */
  modules: v.array(v.string()),
});

/** What `hardware-configuration.nix` declares by itself. */
export interface HardwareFile extends v.InferOutput<typeof NamesSchema> {
  /** `absent` and `unusable` (with the problem): it is generated anew. `unread`: Nix is missing. */
  readonly state: "usable" | "absent" | "unusable" | "unread";
  readonly problem: string | undefined;
}

const NOTHING = { fileSystems: [], luks: [], swap: [], modules: [] };

/** For who needs nothing of it. */
export const NO_HARDWARE_FILE: HardwareFile = { ...NOTHING, state: "unread", problem: undefined };

/**
 * Names that a hardware file sets, without a nixpkgs: only names are evaluated, and of `lib` what stands
 * around values and what is Nix's own. Arguments of an owner's flake are there, and empty.
 */
const NAMES = (file: string) => `
let
  self = x: x;
  merge = a: b:
    if builtins.isAttrs a && builtins.isAttrs b then
      a // builtins.mapAttrs (name: value: if a ? \${name} then merge a.\${name} value else value) b
    else if builtins.isList a && builtins.isList b then a ++ b else b;
  lib = builtins // {
    mkDefault = self; mkForce = self; mkBefore = self; mkAfter = self; mkDoc = self;
    mkOverride = _: self; mkIf = condition: value: if condition then value else { };
    mkMerge = builtins.foldl' merge { };
    nameValuePair = name: value: { inherit name value; };
    genAttrs = names: make:
      builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    optional = c: x: if c then [ x ] else [ ];
    optionals = c: x: if c then x else [ ]; optionalAttrs = c: x: if c then x else { };
  };
  file = import (/. + ${printExpression(file)});
  args = { config = { }; options = { }; pkgs = { }; modulesPath = "/"; inherit lib; };
  asked = if builtins.isFunction file then builtins.functionArgs file else { };
  needed = builtins.filter (name: !asked.\${name}) (builtins.attrNames asked);
  module =
    if builtins.isFunction file then file (lib.genAttrs needed (_: { }) // args) else file;
  body = module.config or module;
  boot = body.boot or { };
  all = builtins.attrNames (body.fileSystems or { });
in {
  fileSystems = all;
  luks = builtins.attrNames (boot.initrd.luks.devices or { });
  swap = map (one: one.device or "/dev/disk/by-label/\${one.label}") (body.swapDevices or [ ]);
  modules = (boot.kernelModules or [ ]) ++ (boot.initrd.kernelModules or [ ])
    ++ (boot.initrd.availableKernelModules or [ ]);
}`;

/** Reads the machine's hardware file. It is usable when it evaluates and has a root file system. */
export async function readHardwareFile(ctx: Context): Promise<HardwareFile> {
  const path = ctx.root.follow(places.hardwareConfiguration);
  if (!lstatIfExists(path)?.isFile) return { ...NOTHING, state: "absent", problem: undefined };
  if (!ctx.run.which("nix-instantiate")) {
    return { ...NOTHING, state: "unread", problem: "Nix is not installed here" };
  }
  try {
    const names = v.parse(NamesSchema, await evaluateJson(ctx, NAMES(path), { what: path }));
    return names.fileSystems.includes("/")
      ? { ...names, swap: withKernelNames(ctx, names.swap), state: "usable", problem: undefined }
      : { ...names, state: "unusable", problem: "it has no root file system" };
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof v.ValiError)) throw error;
    return { ...NOTHING, state: "unusable", problem: error.message };
  }
}

/** Devices as they are declared, and as /proc/swaps has them. */
function withKernelNames(ctx: Context, devices: readonly string[]): string[] {
  const { root } = kernelContext(ctx, "/dev");
  return [...new Set(devices.flatMap((device) => [device, root.realPath(device)]))];
}

/**
 * A new `hardware-configuration.nix`, as nixos-generate-config prints it for this machine's disks. LUKS
 * devices and mounts of the old configuration that it misses are carried over in system-local.nix.
 * @throws ToolError exit 2 without nixos-generate-config, exit 1 when it fails
 */
export async function generateHardwareFile(ctx: Context): Promise<FileStep> {
  const root = ctx.root.isRunning ? [] : ["--root", ctx.root.path];
  const { stdout } = await ctx.run(
    "nixos-generate-config",
    [...root, "--show-hardware-config"],
    { timeout: 120_000 },
  );
  return publicFile(places.nixos, "hardware-configuration.nix", "describe the hardware", {
    why: "there is none that can be used, and the next boot has to know its disks",
    madeOf: "nixos-generate-config --show-hardware-config",
  }, stdout);
}
