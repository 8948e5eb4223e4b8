import type { MappedDevice } from "../../machine/hardware/disks.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { withoutStoreHashes } from "../../nix/store/store_path.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

type Boot = ConfigurationFacts["boot"];

const LVM = "boot.initrd.services.lvm.enable";
const THIN = "services.lvm.boot.thin.enable";
/** Options that do nothing in an initial ramdisk of shell scripts: that one assembles LVM by itself. */
const OF_SYSTEMD = [LVM, "boot.initrd.systemd.network.enable"];

/**
 * Whether what assembles and opens the disks at boot stays: LVM with its thin pools, RAID, Clevis,
 * crypttab, the owner's units in the initial ramdisk. That the disks are there now says nothing: they
 * are there because something opened them. Pure.
 */
export function proveAssembled({ before, after, now }: ProofQuestion): Verdict[] {
  const then = before?.boot;
  const next = after.boot;
  return [
    ...missingOptions(then, next, now.disks.below).map((option) =>
      notAssembled(`${option} would be off`, `${option} = true;`)
    ),
    ...lost(then?.clevis, next.clevis).map((name) =>
      notAssembled(
        `Clevis would no longer open ${name}`,
        `boot.initrd.clevis.devices."${name}", as in your present configuration`,
      )
    ),
    ...lost(crypttab(then), crypttab(next)).map((line) =>
      notAssembled(
        `/etc/crypttab would no longer open ${line.split(/\s/)[0]}`,
        "environment.etc.crypttab, as in your present configuration",
      )
    ),
    ...lost(units(then), units(next)).map((unit) => {
      const name = unit.slice(0, unit.indexOf("\n"));
      return notAssembled(
        `the unit ${name} of the initial ramdisk would be gone, or be another`,
        "boot.initrd.systemd, as in your present configuration",
      );
    }),
  ];
}

function missingOptions(
  then: Boot | undefined,
  next: Boot,
  below: readonly MappedDevice[],
): string[] {
  if (next.assembles === undefined) return [];
  const kinds = new Set<string>(below.map(({ kind }) => kind));
  const isThin = below.some(({ mappedName }) => /[-_](tpool|tdata)$/.test(mappedName));
  // What the root file system stands on is opened now: without the option only if nothing changes.
  const needed = [
    ...(kinds.has("lvm") && next.initrdSystemd && then?.initrdSystemd !== true ? [LVM] : []),
    ...(isThin && then?.assembles === undefined ? [THIN] : []),
  ];
  const wanted = [...new Set([...needed, ...(then?.assembles ?? [])])]
    .filter((option) => next.initrdSystemd || !OF_SYSTEMD.includes(option))
    .filter((option) => !next.assembles!.includes(option));
  const raid = kinds.has("md") && !next.swraid && (then?.swraid ?? true);
  return [...wanted, ...(raid ? ["boot.swraid.enable"] : [])];
}

/** Entries of crypttab(5), their fields apart by one space. */
function crypttab(boot: Boot | undefined): string[] {
  return (boot?.crypttab ?? "").split("\n").map((line) => line.trim().replace(/\s+/g, " "))
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function units(boot: Boot | undefined): string[] {
  return (boot?.initrdUnits ?? []).map(({ name, text }) => `${name}\n${withoutStoreHashes(text)}`);
}

function lost(then: readonly string[] = [], next: readonly string[] = []): string[] {
  return then.filter((one) => !next.includes(one));
}

function notAssembled(why: string, remedy: string): Verdict {
  return fails("disk", "what assembles and opens the disks at boot stays", why, remedy);
}
