import { deepEqual, equal, match } from "node:assert/strict";
import type { Finding } from "../../../lib/validate/check.ts";
import { lookAt } from "../look.ts";

/** A machine that runs, was booted with and starts next these systems of its store. */
function look(id: string, current: string, booted: string, next: string): Promise<Finding> {
  const system = (name: string, kernel: string) => ({
    [`nix/store/${name}/kernel`]: { link: `/nix/store/${kernel}/bzImage` },
    [`nix/store/${name}/initrd`]: { link: `/nix/store/i/initrd` },
    [`nix/store/${kernel}/bzImage`]: "",
  });
  return lookAt(id, {
    ...system("old", "linux-1"),
    ...system("same", "linux-1"),
    ...system("new", "linux-2"),
    "nix/store/i/initrd": "",
    "nix/store/new/specialisation/nvidia": { link: "/nix/store/same" },
    "run/current-system": { link: `/nix/store/${current}` },
    "run/booted-system": { link: `/nix/store/${booted}` },
    "nix/var/nix/profiles/system": { link: "system-7-link" },
    "nix/var/nix/profiles/system-7-link": { link: `/nix/store/${next}` },
  });
}

Deno.test("pending-reboot names what changed, and minds no other path with the same kernel", async () => {
  equal((await look("pending-reboot", "same", "old", "same")).status, "pass");
  const found = await look("pending-reboot", "new", "old", "new");
  deepEqual([found.status, found.detail], [
    "warn",
    "the kernel changed since the machine was booted",
  ]);
  equal((await lookAt("pending-reboot", {})).status, "skip");
});

Deno.test("boot-default tells a system that was only tested from a specialisation that was chosen", async () => {
  equal((await look("boot-default", "new", "new", "new")).status, "pass");
  match((await look("boot-default", "new", "old", "old")).remedy!, /rebuild-helper switch/);
  const chosen = await look("boot-default", "same", "same", "new");
  match(chosen.detail, /without its specialisation nvidia/);
  match(chosen.remedy!, /^choose nvidia in the boot menu/);
  equal((await lookAt("boot-default", {})).status, "skip");
});
