import { makeTemporaryDirectory } from "../machine/files/temporary.ts";
import * as v from "valibot";
import { usableHostRecord } from "../machine/host_record.ts";
import { lstatIfExists, parentOf } from "../machine/files/files.ts";
import { machineHas } from "../machine/files/machine_files.ts";
import { parsedAs } from "../machine/parsed_as.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";

/** The five executables (nix/executables.nix). */
const TOOLS = [
  "system-installer",
  "smart-sync",
  "dev-update",
  "rebuild-helper",
  "validator",
] as const;

/** Keeps the tools of an installed machine from the garbage collector (Nix manual, "GC roots"). */
export const TOOLS_ROOT = "/nix/var/nix/gcroots/hyper-nixos-tools";

/**
 * The tools that an installed machine has, or those that run now where they are a whole package in the
 * store: a store path, undefined where there is none yet.
 */
export function toolsOnMachine(ctx: Context): string | undefined {
  const recorded = usableHostRecord(ctx)?.tools;
  if (recorded && machineHas(ctx, recorded)) return recorded;
  const running = packageOf(ctx.env.HYPERVISOR_EXECUTABLE);
  return running !== undefined && isComplete(running) ? running : undefined;
}

/**
 * Adds a folder of executables to the store.
 * @param folder host path of a folder that holds the five
 * @returns the store path, with them in `bin`
 * @throws ToolError when the store takes nothing
 */
export async function addTools(ctx: Context, folder: string): Promise<string> {
  const staging = makeTemporaryDirectory(ctx, "hyper-nixos-tools-");
  try {
    const tools = `${staging}/hyper-nixos-tools`;
    Deno.mkdirSync(`${tools}/bin`, { recursive: true, mode: 0o755 });
    Deno.chmodSync(tools, 0o755);
    for (const name of TOOLS) {
      Deno.copyFileSync(`${folder}/${name}`, `${tools}/bin/${name}`);
      Deno.chmodSync(`${tools}/bin/${name}`, 0o755);
    }
    const { stdout } = await ctx.run("nix-store", [...storeOf(ctx), "--add", tools], {
      timeout: 600_000,
    });
    return storePath(stdout);
  } finally {
    Deno.removeSync(staging, { recursive: true });
  }
}

/**
 * Builds the tools of a source tree with the tree's own nixpkgs.
 * @param tree host path of the tree
 * @returns the store path
 * @throws ToolError exit 5 without a network, else Nix's own failure
 */
export async function buildTools(ctx: Context, tree: string): Promise<string> {
  // Nix 2.8 has no --print-out-paths.
  const { stdout } = await ctx.run("nix", [
    "build",
    "--no-link",
    "--json",
    ...storeOf(ctx),
    `path:${tree}#default`,
  ], { timeout: 3_600_000 });
  return builtOutput(stdout);
}

/**
 * The store path that `nix build --json` says it has built.
 * @throws ToolError when it says none
 */
export function builtOutput(stdout: string): string {
  const [built] = parsedAs(BuiltSchema, stdout) ?? [];
  return storePath(built?.outputs.out ?? stdout);
}

/** `nix build --json`: a list of what was built (Nix manual). */
const BuiltSchema = v.pipe(
  v.array(v.object({ outputs: v.object({ out: v.string() }) })),
  v.minLength(1),
);

/** Whether a folder holds all five. */
export function hasTools(folder: string): boolean {
  return TOOLS.every((name) => lstatIfExists(`${folder}/${name}`)?.isFile);
}

/** A mounted machine has a store of its own (Nix manual, "Store URLs"). */
function storeOf(ctx: Context): string[] {
  return ctx.root.isRunning ? [] : ["--store", ctx.root.path];
}

/** The store path of the package that an executable is in; undefined for one in none. */
export function packageOf(executable: string | undefined): string | undefined {
  return /^(\/nix\/store\/[^/.][^/]*)\/bin\/[^/]+$/.exec(executable ?? "")?.[1];
}

function isComplete(path: string): boolean {
  return TOOLS.every((name) => lstatIfExists(`${path}/bin/${name}`) !== undefined);
}

function storePath(output: string): string {
  const path = output.trim().split("\n").at(-1) ?? "";
  if (path.startsWith("/nix/store/")) return path;
  throw new ToolError(`Nix named no store path: ${path}`, {
    hint: "see what it says: nix --version",
  });
}

/** The folder of a USB kit's executables for this system, beside its source. */
export function kitFolder(source: string): string {
  return `${parentOf(source)}/bin/${Deno.build.arch}-linux`;
}
