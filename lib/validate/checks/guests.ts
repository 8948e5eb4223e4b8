import { counted } from "../../layout/counted.ts";
import {
  exists,
  listIfExists,
  lstatIfExists,
  readTextIfExists,
} from "../../machine/files/files.ts";
import { machineHas } from "../../machine/files/machine_files.ts";
import { places } from "../../machine/places.ts";
import { commandLine } from "../../machine/shell_words.ts";
import { installedLayout } from "../../machine/tree_layout.ts";
import { storePathsIn } from "../../nix/store/store_path.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, skip, some, warn } from "../check.ts";
import { isTurnedOff } from "../module_choice.ts";
import { octal, permissions } from "../ownership.ts";
import { toGiveToRoot } from "../../machine/files/file_trust.ts";

/** Where libvirt keeps definitions: NixOS's place, and that of other distributions. */
const FOLDERS = ["/var/lib/libvirt/qemu", "/etc/libvirt/qemu"];

/** NixOS links the emulators here at every start of libvirtd. */
const STABLE = "/run/libvirt/nix-emulators, /run/libvirt/nix-ovmf";

/** The module's service that copies them (nix/module/guest_backup.nix). */
const UNIT = "hypervisor-guest-backup.service";
/** A copy is made once a day: what is older than this and not in one was missed (milliseconds). */
const MISSED = 2 * 24 * 60 * 60 * 1000;

/** What is defined on the machine, by its files. */
export const guestChecks = checksOf("System Services", [
  { id: "guest-store-paths", title: "guest definitions", check: storePaths },
  { id: "guest-backup", title: "backup of guests", check: guestBackup },
]);

/** What libvirt knows of a guest. */
interface GuestDefinition {
  readonly guest: string;
  /** Machine path of the XML. */
  readonly path: string;
  readonly text: string;
}

/** The definitions of all guests, running or not. */
function guestDefinitions(ctx: Context): GuestDefinition[] {
  return FOLDERS.flatMap((folder) =>
    listIfExists(ctx.root.follow(folder)).filter((name) => name.endsWith(".xml")).map((name) => {
      const path = `${folder}/${name}`;
      const text = readTextIfExists(ctx.root.follow(path)) ?? "";
      return { guest: name.slice(0, -".xml".length), path, text };
    })
  );
}

/** Guests that name a path of the store stop working when it is collected (nixpkgs#378894). */
function storePaths(ctx: Context): Finding {
  const gone: string[] = [];
  const named: string[] = [];
  const definitions = guestDefinitions(ctx);
  for (const { guest, text } of definitions) {
    for (const path of new Set(storePathsIn(text))) {
      (exists(ctx.root.follow(path)) ? named : gone).push(`${guest}: ${path}`);
    }
  }
  const first = definitions.find(({ guest }) =>
    (gone[0] ?? named[0])?.startsWith(`${guest}: /nix`)
  );
  const remedy = `${
    commandLine("virsh", ["edit", first?.guest ?? ""])
  }: name what stays the same at every update (${STABLE})`;
  const damaged = definitions.filter(({ text }) => !/<domain[\s>/]/.test(text));
  if (damaged.length > 0) {
    const items = damaged.map(({ guest, path }) => `${guest}: ${ctx.root.follow(path)}`);
    return fail(
      `no definition, as after a power cut: ${some(items, 1)}`,
      `${commandLine("virsh", ["dumpxml", damaged[0]!.guest])} has it until libvirtd starts again` +
        `; the newest copy is in ${places.guestBackups}`,
      items,
    );
  }
  if (gone.length > 0) {
    return fail(`names what is not in the store: ${some(gone, 1)}`, remedy, gone);
  }
  if (named.length > 0) {
    return warn(
      `names what the next garbage collection may remove: ${some(named, 1)}`,
      remedy,
      named,
    );
  }
  return pass(
    definitions.length === 0
      ? "no guest is defined"
      : `${counted(definitions.length, "guest")}, none names a store path`,
  );
}

/** The disks alone do not say what a guest was: its definition has to be somewhere else, too. */
function guestBackup(ctx: Context): Finding {
  const guests = guestDefinitions(ctx);
  if (guests.length === 0) return pass("no guest is defined");
  const folder = ctx.root.follow(places.guestBackups);
  const info = lstatIfExists(folder);
  const newest = listIfExists(folder).filter((name) => /^\d/.test(name)).sort().at(-1);
  // Definitions may hold the passwords of guests' screens.
  if (info !== undefined && (permissions(info) !== 0o700 || info.uid !== 0)) {
    return fail(
      `${places.guestBackups} has mode ${octal(permissions(info))} of user ${info.uid}`,
      toGiveToRoot(folder, "0700"),
    );
  }
  if (isTurnedOff(ctx, [UNIT])) {
    return skip(
      "the configuration turns copies off (hypervisor.guestBackup.enable): yours to keep",
    );
  }
  const missed = guests.filter((guest) =>
    isOld(ctx, guest) && !(newest !== undefined && isKept(`${folder}/${newest}`, guest))
  ).map(({ guest }) => guest);
  if (missed.length > 0) {
    const what = newest === undefined
      ? `no copy of the definitions of ${counted(missed.length, "guest")}: ${some(missed)}`
      : `the newest copy, ${newest}, is without ${some(missed)}`;
    return warn(what, remedy(ctx), missed);
  }
  const copied = newest === undefined ? "new, not copied yet" : `copied to ${newest}`;
  return pass(`${counted(guests.length, "guest")}, ${copied}`);
}

function isOld(ctx: Context, { path }: GuestDefinition): boolean {
  const changed = lstatIfExists(ctx.root.follow(path))?.mtime?.getTime() ?? 0;
  return ctx.now().getTime() - changed > MISSED;
}

/** Below a copy the files lie as below libvirt's folder. */
function isKept(copy: string, { guest, text }: GuestDefinition): boolean {
  return readTextIfExists(`${copy}/qemu/${guest}.xml`) === text;
}

function remedy(ctx: Context): string {
  if (machineHas(ctx, `/etc/systemd/system/${UNIT}`)) {
    return `systemctl start ${UNIT}, and see what it says: journalctl -u ${UNIT}`;
  }
  const folder = places.guestBackups;
  const byHand = `by hand: n=${folder}/$(date -u +%Y%m%dT%H%M%SZ); ` +
    `install -d -m 0700 ${folder} $n $n/qemu && cp /var/lib/libvirt/qemu/*.xml $n/qemu`;
  return installedLayout(ctx) === "published"
    ? byHand
    : `the module makes one every day: hypervisor.guestBackup.enable = true; ${byHand}`;
}
