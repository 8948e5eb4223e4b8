import type { Context } from "../../machine/context.ts";
import { amount } from "../../layout/amount.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { lstatIfExists, parentOf } from "../../machine/files/files.ts";
import { freeSpace } from "../../machine/files/free_space.ts";
import { EVALUATION_MEMORY, readMemory } from "../../machine/hardware/memory.ts";
import { type OsRelease, readOsRelease } from "../../machine/os_release.ts";
import { places } from "../../machine/places.ts";
import { stateFolderProblem } from "../../machine/state_folder.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { treeFolderProblem } from "../../machine/tree/source_tree.ts";
import { shellWord } from "../../machine/shell_words.ts";

/** Room for copies, backups and receipts beside the source itself, in bytes. */
const SPARE = 16 * 1024 * 1024;
/** A build that needs nothing new still writes this much; below it, it only fails later (bytes). */
const STORE_LEAST = 512 * 1024 * 1024;
/** What a whole new system takes (the reference: about 2 GB of downloads, unpacked), in bytes. */
const STORE_USUAL = 6 * 1024 * 1024 * 1024;

/** What stands against an installation, and what is worth knowing, found without changing anything. */
export interface Preflight {
  readonly blockers: readonly ToolError[];
  readonly warnings: readonly string[];
}

/**
 * Looks for what would stop a real run: not NixOS, not root, tools that are missing, folders that
 * cannot be written or that someone else can write, a full disk.
 * @param sourceBytes size of the source tree
 */
export async function preflight(
  ctx: Context,
  sourceBytes: number,
): Promise<Preflight> {
  const blockers: ToolError[] = [];
  const warnings: string[] = [];
  const block = (message: string, hint: string, code: ExitCode) =>
    blockers.push(new ToolError(message, { hint, code }));
  const os = readOsRelease(ctx);
  if (!os.isNixos) blockers.push(notNixos(ctx, os));
  if (Deno.uid() !== 0) {
    block("this user is not root", "a real run needs sudo", ExitCode.PermissionDenied);
  }
  for (
    const command of ["nix-instantiate", ctx.root.isRunning ? "nixos-rebuild" : "nixos-install"]
  ) {
    if (ctx.run.which(command)) continue;
    block(
      `command "${command}" not found`,
      "it is part of NixOS; on another system this can only be a dry run",
      ExitCode.MissingDependency,
    );
  }
  for (const problem of [stateFolderProblem(ctx), treeFolderProblem(ctx)]) {
    if (problem) blockers.push(problem);
  }
  if (Deno.uid() === 0) blockers.push(...await unwritable(ctx));
  space(ctx, sourceBytes, block, warnings);
  const memory = readMemory(ctx)?.available;
  if (memory !== undefined && memory < EVALUATION_MEMORY) {
    warnings.push(
      `${amount(memory)} of memory and swap are free; evaluating a system takes about ` +
        `${amount(EVALUATION_MEMORY)}, and the kernel stops what takes more than there is`,
    );
  }
  return { blockers, warnings };
}

/** The refusal of what is not NixOS. */
export function notNixos(ctx: Context, os: OsRelease): ToolError {
  return new ToolError(
    `${ctx.root.path} is not a NixOS machine (it is ${os.prettyName ?? "unknown"})`,
    {
      code: ExitCode.Configuration,
      hint: "install NixOS first, or name the folder where a NixOS machine is mounted with --root",
    },
  );
}

/**
 * Folders that are written to. test(1) asks access(2), which knows read-only mounts and the immutable
 * attribute, and writes nothing.
 */
async function unwritable(ctx: Context): Promise<ToolError[]> {
  const wanted = [places.nixos, places.configuration, places.state];
  const folders = new Set(wanted.map((path) => nearestFolder(ctx.root.follow(path))));
  const found: ToolError[] = [];
  for (const folder of folders) {
    const { code } = await ctx.run("test", ["-w", folder], { accept: "any", timeout: 20_000 });
    if (code === 0) continue;
    found.push(
      new ToolError(`${folder} cannot be written: it is read-only or immutable`, {
        code: ExitCode.PermissionDenied,
        hint:
          `look at it: findmnt -T ${shellWord(folder)}; lsattr -d ${
            shellWord(folder)
          }; with an immutable /etc ` +
          "(system.etc.overlay.mutable = false) make it mutable first",
      }),
    );
  }
  return found;
}

function nearestFolder(path: string): string {
  for (let folder = path;; folder = parentOf(folder)) {
    if (lstatIfExists(folder)?.isDirectory || folder === "/") return folder;
  }
}

function space(
  ctx: Context,
  sourceBytes: number,
  block: (message: string, hint: string, code: ExitCode) => void,
  warnings: string[],
): void {
  for (const [path, needed] of [[places.hypervisor, sourceBytes], [places.state, 0]] as const) {
    const free = freeSpace(ctx, path);
    const hint = "free some space (nix-collect-garbage, journalctl --vacuum-size=200M)";
    if (free === undefined) continue;
    if (free.bytes < needed + SPARE) {
      block(
        `${path} has ${amount(free.bytes)} free, ${amount(needed + SPARE)} are needed`,
        hint,
        ExitCode.General,
      );
    } else if (free.inodes !== undefined && free.inodes < 10_000) {
      block(`${path} has only ${free.inodes} inodes left`, hint, ExitCode.General);
    }
  }
  const store = freeSpace(ctx, "/nix/store");
  if (store === undefined) return;
  if (store.bytes < STORE_LEAST) {
    block(
      `/nix/store has ${amount(store.bytes)} free, at least ${amount(STORE_LEAST)} are needed`,
      "delete old generations: nix-collect-garbage --delete-older-than 14d",
      ExitCode.General,
    );
  } else if (store.bytes < STORE_USUAL) {
    warnings.push(
      `/nix/store has ${amount(store.bytes)} free; a new system usually takes ` +
        amount(STORE_USUAL),
    );
  }
}
