import { amount } from "../../layout/amount.ts";
import { freeSpace } from "../../machine/files/free_space.ts";
import { kernelFolder } from "../../machine/hardware/boot_loader.ts";
import { mountOf } from "../../machine/hardware/mounts.ts";
import { places } from "../../machine/places.ts";
import { commandLine } from "../../machine/shell_words.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, type CheckSpec, fail, type Finding, pass, skip, warn } from "../check.ts";
import type { Facts } from "../facts.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** Fewer files than these do not hold a system (Nix makes one for every file of a package), or do not last. */
const FEW_INODES = { many: { warn: 50_000, fail: 5_000 }, some: { warn: 2_000, fail: 100 } };

/** One place that must not run full. Limits are bytes. */
interface Place extends Omit<CheckSpec, "check"> {
  readonly path: string;
  readonly warnBelow: number;
  readonly failBelow: number;
  /** Whether many files are made there. */
  readonly manyFiles?: true;
  /** Whether it is the folder of the boot loader's kernels, which may be elsewhere (an ESP in /efi). */
  readonly kernels?: true;
  readonly remedy: string;
}

/** The store's limits are those of rebuild-helper; a kernel with its initrd takes 50 to 100 MiB. */
const PLACES: readonly Place[] = [
  {
    id: "space-root",
    title: "space on /",
    path: "/",
    warnBelow: GIB,
    failBelow: 128 * MIB,
    blocksUpdate: true,
    remedy:
      "find what fills it: du -xh / | sort -h | tail; old logs: journalctl --vacuum-size=200M",
  },
  {
    id: "space-store",
    title: "space in /nix/store",
    path: "/nix/store",
    warnBelow: 2 * GIB,
    failBelow: 256 * MIB,
    manyFiles: true,
    blocksUpdate: true,
    remedy: "rebuild-helper --clean, then nix-collect-garbage",
  },
  {
    id: "space-boot",
    title: "space in /boot",
    path: "/boot",
    kernels: true,
    warnBelow: 100 * MIB,
    failBelow: 20 * MIB,
    blocksUpdate: true,
    remedy: "rebuild-helper --clean",
  },
  {
    id: "space-logs",
    title: "space for logs",
    path: places.logs,
    warnBelow: 200 * MIB,
    failBelow: 10 * MIB,
    remedy: "journalctl --vacuum-size=200M",
  },
];

/** Room and inodes where the machine needs them. */
export const spaceChecks = checksOf(
  "Resources",
  PLACES.map((place) => ({ ...place, check: (ctx, facts) => room(ctx, facts, place) })),
);

function room(ctx: Context, facts: Facts, place: Place): Finding {
  const path = place.kernels ? kernelFolder(ctx, facts.mounts()) ?? place.path : place.path;
  const free = freeSpace(ctx, path);
  if (free === undefined) return skip(`the file system of ${path} does not say`);
  const mount = mountOf(facts.mounts(), path);
  // The store is mounted read-only on purpose; Nix makes it writable for itself.
  const allowed = path === "/nix/store" ? "mount" : "no";
  if (mount !== undefined && mount.readOnly !== "no" && mount.readOnly !== allowed) {
    return fail(
      `${path} is read-only`,
      `find out why (dmesg), then ${
        commandLine("mount", ["-o", "remount,rw", ctx.root.host(mount.mountPoint)])
      }`,
    );
  }
  const { bytes, inodes } = free;
  const few = inodes ?? Infinity;
  const limits = FEW_INODES[place.manyFiles ? "many" : "some"];
  const isTold = inodes !== undefined && (place.manyFiles || few < limits.warn);
  const said = `${amount(bytes)} free` + (isTold ? `, for ${few} more files` : "") +
    (path === place.path ? "" : ` in ${path}`);
  if (bytes < place.failBelow || few < limits.fail) return fail(`only ${said}`, place.remedy);
  if (bytes < place.warnBelow || few < limits.warn) return warn(`only ${said}`, place.remedy);
  return pass(said);
}
