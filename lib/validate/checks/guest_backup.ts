import { counted } from "../../layout/counted.ts";
import type { Context } from "../../machine/context.ts";
import { listIfExists, lstatIfExists, readTextIfExists } from "../../machine/files/files.ts";
import { machineHas } from "../../machine/files/machine_files.ts";
import { places } from "../../machine/places.ts";
import { type Check, fail, type Finding, pass, some, warn } from "../check.ts";
import { type GuestDefinition, guestDefinitions } from "../guest_definitions.ts";
import { octal, permissions } from "../ownership.ts";

/** The module's service that copies them (nix/module/guest_backup.nix). */
const UNIT = "hypervisor-guest-backup.service";
/** A copy is made once a day: what is older than this and not in one was missed (milliseconds). */
const MISSED = 2 * 24 * 60 * 60 * 1000;

/** The disks alone do not say what a guest was: its definition has to be somewhere else, too. */
export const guestBackupCheck: Check = {
  id: "guest-backup",
  group: "System Services",
  title: "backup of guests",
  severity: "error",
  quick: true,
  blocksUpdate: false,
  check: guestBackup,
};

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
      `chown root:root ${folder} && chmod 0700 ${folder}`,
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
  return machineHas(ctx, `/etc/systemd/system/${UNIT}`)
    ? `systemctl start ${UNIT}, and see what it says: journalctl -u ${UNIT}`
    : "the module makes one every day: hypervisor.guestBackup.enable = true; by hand: " +
      `install -d -m 0700 ${places.guestBackups}/1 && cp -r --parents ` +
      `/var/lib/libvirt/./qemu ${places.guestBackups}/1`;
}
