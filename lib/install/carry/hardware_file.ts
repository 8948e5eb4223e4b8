import * as v from "valibot";
import type { Context } from "../../machine/context.ts";
import { lstatIfExists } from "../../machine/files/files.ts";
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
 * Names that a generated hardware file sets, without a nixpkgs: only names are evaluated, and of
 * `lib` only what stands around values.
 */
const NAMES = (file: string) => `
let
  self = x: x;
  lib = {
    mkDefault = self; mkForce = self; mkBefore = self; mkAfter = self; mkDoc = self;
    mkOverride = _: self; mkIf = condition: value: if condition then value else { };
    mkMerge = builtins.foldl' (a: b: a // b) { }; optional = c: x: if c then [ x ] else [ ];
    optionals = c: x: if c then x else [ ]; optionalAttrs = c: x: if c then x else { };
  };
  file = import (/. + ${printExpression(file)});
  args = { config = { }; options = { }; pkgs = { }; modulesPath = "/"; inherit lib; };
  module = if builtins.isFunction file then file args else file;
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
      ? { ...names, state: "usable", problem: undefined }
      : { ...names, state: "unusable", problem: "it has no root file system" };
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof v.ValiError)) throw error;
    return { ...NOTHING, state: "unusable", problem: error.message };
  }
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
