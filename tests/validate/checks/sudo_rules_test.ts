import { equal } from "node:assert/strict";
import { lookAt } from "../look.ts";

const ACCOUNTS = {
  "etc/passwd":
    "root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\n",
  "etc/group": "wheel:x:1:alice\nusers:x:100:\n",
  "etc/shadow": "root:!:1::::::\nalice:$6$s$h:1::::::\nbob:!:1::::::\n",
};
const VIRSH = "/run/current-system/sw/bin/virsh";

for (
  const [what, sudoers, doas, expected] of [
    ["nothing", undefined, undefined, "skip"],
    [
      "what NixOS writes",
      "root ALL=(ALL:ALL) SETENV: ALL\n%wheel ALL=(ALL:ALL) SETENV: ALL\n",
      undefined,
      "pass",
    ],
    [
      "root alone, by name and number",
      "root, #0 ALL=(ALL) NOPASSWD: ALL\n",
      "permit nopass keepenv root\n",
      "pass",
    ],
    [
      "operating guests",
      `alice ALL=(root) NOPASSWD: ${VIRSH} list --all # see\n`,
      undefined,
      "pass",
    ],
    [
      "operating guests by doas",
      undefined,
      `permit nopass alice cmd ${VIRSH} args list --all\n`,
      "pass",
    ],
    [
      "operating guests by an alias",
      `Cmnd_Alias GUESTS = ${VIRSH} list, ${VIRSH} nodeinfo\nalice ALL = NOPASSWD: GUESTS\n`,
      undefined,
      "pass",
    ],
    [
      "an alias with more in it",
      `Cmnd_Alias GUESTS = ${VIRSH} list, ${VIRSH} edit\nalice ALL = NOPASSWD: GUESTS\n`,
      undefined,
      "fail",
    ],
    ["a later rule that asks", "alice ALL=NOPASSWD: ALL\nalice ALL=(ALL) ALL\n", undefined, "pass"],
    ["any virsh by doas", undefined, `permit nopass alice cmd ${VIRSH}\n`, "fail"],
    ["doas to become root", undefined, "permit nopass alice as root\n", "fail"],
    ["all of wheel", "%wheel ALL=(ALL) NOPASSWD: ALL\n", undefined, "fail"],
    ["root and somebody else", "root, alice ALL=(ALL) NOPASSWD: ALL\n", undefined, "fail"],
    ["who has no password to type", "bob ALL=(ALL) NOPASSWD: ALL\n", undefined, "warn"],
    [
      "him, and one who has",
      "bob ALL=(ALL) NOPASSWD: ALL\nalice ALL=NOPASSWD: ALL\n",
      undefined,
      "fail",
    ],
  ] as const
) {
  Deno.test(`sudo-rules and ${what}: ${expected}`, async () => {
    const found = await lookAt("sudo-rules", {
      ...ACCOUNTS,
      ...(sudoers === undefined ? {} : { "etc/sudoers": sudoers }),
      ...(doas === undefined ? {} : { "etc/doas.conf": doas }),
    });
    equal(found.status, expected, found.detail);
  });
}
