import { deepEqual, equal, match } from "node:assert/strict";
import { testContext } from "../../support/context.ts";
import { isRoot } from "../../support/needs.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";
import type { Finding } from "../../../lib/validate/check.ts";
import { look, lookAt } from "../look.ts";
import { mustRun } from "../../support/must_run.ts";

const HASH = "0123456789abcdfghijklmnpqrsvwxyz";
const QEMU = `/nix/store/${HASH}-qemu-8.2.4/bin/qemu-system-x86_64`;
const OVMF = `/nix/store/${HASH}-OVMF-fd/FV/OVMF_VARS.fd`;
const guest = (emulator: string, more = "") =>
  `<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.\n-->\n\n<domain type='kvm'>\n  <name>x</name>\n${more}` +
  `  <devices>\n    <emulator>${emulator}</emulator>\n  </devices>\n</domain>\n`;
const STABLE = guest("/run/libvirt/nix-emulators/qemu-system-x86_64");
const FOLDER = "var/lib/libvirt/qemu";

const CASES: Readonly<
  Record<string, readonly [Readonly<Record<string, ScratchEntry>>, string, RegExp, number?]>
> = {
  "no libvirt": [{}, "pass", /no guest is defined/],
  "no guest": [
    { [`${FOLDER}/networks/default.xml`]: QEMU, [`${FOLDER}/autostart/`]: "" },
    "pass",
    /no guest/,
  ],
  "stable paths": [{ [`${FOLDER}/web.xml`]: STABLE }, "pass", /^1 guest, none names/],
  "a path that may go": [
    { [`${FOLDER}/web.xml`]: guest(QEMU), [QEMU.slice(1)]: "" },
    "warn",
    /next garbage collection.*virsh edit web: /,
    1,
  ],
  "a path that is gone": [
    { [`${FOLDER}/web.xml`]: guest(QEMU) },
    "fail",
    /not in the store.*virsh edit web: /,
    1,
  ],
  "one that a power cut emptied": [
    { [`${FOLDER}/web.xml`]: STABLE, [`${FOLDER}/my db.xml`]: "" },
    "fail",
    /my db: .+\/my db\.xml.*virsh dumpxml 'my db' .*hyper-nixos\/guests/,
    1,
  ],
  "a name of two words": [
    { [`${FOLDER}/Windows 11.xml`]: guest(QEMU) },
    "fail",
    /virsh edit 'Windows 11': /,
    1,
  ],
  "a name with a colon": [{ [`${FOLDER}/db:1.xml`]: guest(QEMU) }, "fail", /virsh edit db:1: /, 1],
  "one path named twice, and another": [
    { [`${FOLDER}/web.xml`]: guest(QEMU, `<nvram template='${OVMF}'/>\n<!-- ${QEMU} -->`) },
    "fail",
    /and 1 more/,
    2,
  ],
  "one guest's that is gone beside another's": [
    { [`${FOLDER}/a.xml`]: guest(OVMF), [OVMF.slice(1)]: "", [`${FOLDER}/b.xml`]: guest(QEMU) },
    "fail",
    /virsh edit b: /,
    1,
  ],
};

for (const [what, [files, status, says, items]] of Object.entries(CASES)) {
  Deno.test(`guest-store-paths and ${what}: ${status}`, async () => {
    const found = await lookAt("guest-store-paths", files);
    deepEqual([found.status, found.items?.length], [status, items]);
    match(`${found.detail} ${found.remedy}`, says);
  });
}

const COPIES = "var/lib/hyper-nixos/guests";
const NOW = new Date("2026-11-30T12:00:00Z");

/** What is found when the definitions were changed so many days ago. */
async function backup(
  days: number,
  files: Readonly<Record<string, ScratchEntry>>,
  mode = 0o700,
): Promise<Finding> {
  let finding: Finding | undefined;
  await withScratch({ [`${FOLDER}/web.xml`]: STABLE, ...files }, async (root) => {
    const changed = NOW.getTime() / 1000 - days * 24 * 60 * 60;
    Deno.utimeSync(`${root}/${FOLDER}/web.xml`, changed, changed);
    if (Object.keys(files).some((path) => path.startsWith(COPIES))) {
      Deno.chmodSync(`${root}/${COPIES}`, mode);
    }
    finding = await look("guest-backup", testContext({ root, now: () => NOW }));
  });
  return finding!;
}

Deno.test({
  name: "guest-backup tells what was missed from what is not due yet",
  ignore: !isRoot,
  fn: async () => {
    const [old, recent] = [
      `${COPIES}/20261101T000000Z/qemu/web.xml`,
      `${COPIES}/20261129T000000Z/qemu/web.xml`,
    ];
    deepEqual((await backup(1, {})).detail, "1 guest, new, not copied yet");
    const never = await backup(9, {});
    deepEqual([never.status, never.items], ["warn", ["web"]]);
    match(never.remedy!, /hypervisor\.guestBackup\.enable = true;/);
    const there = await backup(9, { "etc/systemd/system/hypervisor-guest-backup.service": "" });
    match(there.remedy!, /^systemctl start hypervisor-guest-backup\.service/);
    // The module runs, and its service is not there: hypervisor.guestBackup.enable = false.
    const module = { "etc/tmpfiles.d/hyper-nixos.conf": "" };
    const off = await backup(9, module);
    deepEqual([off.status, off.detail.includes("guestBackup.enable")], ["skip", true]);
    equal((await backup(9, { ...module, [old]: "<domain/>" })).status, "skip");
    const on = { ...module, "etc/systemd/system/hypervisor-guest-backup.service": "" };
    equal((await backup(9, on)).status, "warn");
    equal((await backup(9, { [old]: STABLE })).status, "pass");
    const changed = await backup(9, { [old]: "<domain/>" });
    match(changed.detail, /newest copy, 20261101T000000Z, is without web/);
    equal((await backup(9, { [old]: "<domain/>", [recent]: STABLE })).status, "pass");
    match(
      (await backup(9, { [old]: STABLE, [recent]: "<domain/>" })).detail,
      /20261129T000000Z, is without/,
    );
    // Definitions may hold the passwords of screens.
    const open = await backup(1, { [old]: STABLE }, 0o750);
    deepEqual(open.status, "fail");
    match(open.remedy!, /^chown root:root \S+ && chmod 0700 /);
  },
});

Deno.test({
  name: "guest-backup's copy by hand is one that it finds, beside older ones, and closed",
  ignore: !isRoot,
  fn: async () => {
    const host = { version: 2, hostName: "h", system: "x86_64-linux", base: null, tools: null };
    const files = {
      [`${FOLDER}/web.xml`]: STABLE,
      [`${COPIES}/20251101T000000Z/qemu/web.xml`]: "<domain/>",
      "etc/hypervisor/configuration/host.json": JSON.stringify({ ...host, layout: "published" }),
    };
    await withScratch(files, async (root) => {
      Deno.chmodSync(`${root}/${COPIES}`, 0o700);
      const later = new Date(Date.now() + 9 * 24 * 60 * 60 * 1000);
      const looked = () => look("guest-backup", testContext({ root, now: () => later }));
      const { status, remedy } = await looked();
      // A tree of the published layout has no such option.
      deepEqual([status, /^by hand: /.test(remedy!)], ["warn", true]);
      const command = remedy!.slice("by hand: ".length).replaceAll("/var/lib", `${root}/var/lib`);
      for (const fresh of [false, true]) {
        if (fresh) Deno.removeSync(`${root}/${COPIES}`, { recursive: true });
        mustRun("sh", ["-ec", command]);
        equal((await looked()).status, "pass");
        equal(Deno.statSync(`${root}/${COPIES}`).mode! & 0o777, 0o700);
      }
    });
  },
});
