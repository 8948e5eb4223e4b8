import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";
import type { Finding } from "../../../lib/validate/check.ts";
import { type Answer, answering, look } from "../look.ts";

const MACHINE = { "run/systemd/system/": "", "etc/hypervisor/": "" };

async function found(
  id: string,
  programs: Parameters<typeof answering>[1],
  files: Parameters<typeof withScratch>[0] = MACHINE,
): Promise<Finding> {
  let finding: Finding | undefined;
  await withScratch(files, async (root) => {
    finding = await look(id, answering(testContext({ root }), programs));
  });
  return finding!;
}

/** What `systemctl show` writes; a unit that is not in the list is not there. */
function systemctl(units: Readonly<Record<string, string>>) {
  return {
    systemctl: (args: readonly string[]): Answer =>
      args.slice(2).map((unit) => {
        const [active, load = "loaded"] = (units[unit] ?? "inactive not-found").split(" ");
        return `Id=${unit}\nLoadState=${load}\nActiveState=${active}\n`;
      }).join("\n"),
  };
}

const WELL = { "nix-daemon.socket": "active", "dbus.service": "active", "sshd.service": "active" };

for (
  const [what, units, expected] of [
    ["all run", WELL, "pass nix-daemon.socket, dbus.service, sshd.service"],
    ["an activation that reloads one at this moment", {
      ...WELL,
      "dbus.service": "reloading",
      "sshd.service": "refreshing",
    }, "pass nix-daemon.socket, dbus.service, sshd.service"],
    ["sshd started for each connection, another bus", {
      "nix-daemon.socket": "active",
      "dbus-broker.service": "active",
      "sshd.socket": "active",
    }, "pass nix-daemon.socket, dbus-broker.service, sshd.socket"],
    ["a host without sshd", {
      "nix-daemon.socket": "active",
      "dbus.service": "active",
      "sshd.service": "inactive masked",
    }, "pass nix-daemon.socket, dbus.service"],
    [
      "sshd that starts again and again",
      { ...WELL, "sshd.service": "activating" },
      "fail not running: sshd.service",
    ],
    ["a unit that systemd cannot load", {
      ...WELL,
      "nix-daemon.socket": "inactive bad-setting",
    }, "fail not running: nix-daemon.socket"],
    ["a unit whose new file is broken, and that runs on", {
      ...WELL,
      "sshd.service": "active error",
    }, "pass nix-daemon.socket, dbus.service, sshd.service"],
    ["none of them", {}, "skip systemd knows none of them"],
  ] as const
) {
  Deno.test(`essential-services and ${what}`, async () => {
    const { status, detail } = await found("essential-services", systemctl(units));
    equal(`${status} ${detail}`, expected);
  });
}

for (
  const [what, units, expected, next] of [
    [
      "a socket that waits",
      { "libvirtd.socket": "active", "libvirtd.service": "inactive" },
      "pass libvirtd.socket is active",
      undefined,
    ],
    [
      "modular daemons",
      { "virtqemud.service": "active" },
      "pass virtqemud.service is active",
      undefined,
    ],
    [
      "a failed daemon",
      { "libvirtd.service": "failed" },
      "fail libvirtd.service is failed",
      /systemctl start libvirtd\.service; journalctl -b -u libvirtd\.service/,
    ],
    [
      "a socket that waits for a service that fails",
      { "libvirtd.socket": "active", "libvirtd.service": "failed" },
      "fail libvirtd.service is failed",
      /systemctl start libvirtd\.service/,
    ],
    [
      "the one daemon that failed before the modular ones came",
      { "libvirtd.service": "failed", "virtqemud.socket": "active" },
      "pass virtqemud.socket is active",
      undefined,
    ],
    ["nothing", {}, "fail no libvirt service is installed", /rebuild-helper switch/],
    [
      "one that was masked",
      { "libvirtd.service": "inactive masked" },
      "fail turned off: libvirtd.service",
      /systemctl unmask libvirtd\.service.*libvirtd\.enable/,
    ],
  ] as const
) {
  Deno.test(`libvirtd-unit and ${what}`, async () => {
    const { status, detail, remedy } = await found("libvirtd-unit", systemctl(units));
    equal(`${status} ${detail}`, expected);
    if (next) match(remedy!, next);
  });
}

Deno.test("libvirtd-answers fails for a daemon that hangs, and repeats the last word of one that does not", async () => {
  const virsh = (answer: Answer) => found("libvirtd-answers", { virsh: answer });
  equal((await virsh("qemu:///system\n")).status, "pass");
  const hung = await virsh({ code: 137, timedOut: true });
  deepEqual([hung.status, hung.detail], ["fail", "qemu:///system does not answer within 10 s"]);
  const stderr = "error: failed to connect to the hypervisor\nerror: Failed to connect socket to " +
    "'/var/run/libvirt/libvirt-sock': No such file or directory\n";
  match((await virsh({ code: 1, stderr })).detail, /libvirt-sock': No such file or directory$/);
  match((await virsh({ code: 127 })).detail, /virsh ended with 127/);
});

Deno.test("an owner who runs guests without libvirt is not told to start it", async () => {
  const off = { ...MACHINE, "etc/tmpfiles.d/hyper-nixos.conf": "" };
  const on = { ...off, "etc/systemd/system/libvirtd.service": "" };
  const nothing = { ...systemctl({}), virsh: { code: 1, stderr: "no daemon\n" } };
  for (const id of ["libvirtd-unit", "libvirtd-answers"]) {
    await rejects(found(id, nothing, off), { message: /turns libvirt off/ });
    equal((await found(id, nothing, on)).status, "fail");
  }
});

Deno.test("failed-units names a command that a shell takes as it stands", async () => {
  const failed = (units: string, word = "degraded", code = 1, restarting = "") =>
    found("failed-units", {
      systemctl: ([verb, state]) =>
        verb === "is-system-running"
          ? { code, stdout: `${word}\n` }
          : state === "--state=failed"
          ? units
          : restarting,
    });
  const line = "mnt-my\\x2ddisk.mount loaded failed failed /mnt/my-disk\n";
  const { status, remedy, items } = await failed(line);
  deepEqual([status, items], ["warn", ["mnt-my\\x2ddisk.mount"]]);
  equal(
    remedy,
    "systemctl status 'mnt-my\\x2ddisk.mount'; journalctl -b -u 'mnt-my\\x2ddisk.mount'",
  );
  deepEqual((await failed("● backup.service loaded failed failed Backup\n")).items, [
    "backup.service",
  ]);
  equal((await failed("", "running", 0)).status, "pass");
  // What starts again and again never counts as failed; a login that ended does so, too.
  const again = "gitea.service loaded activating auto-restart Gitea\n" +
    "getty@tty1.service loaded activating auto-restart Getty\n";
  const loops = await failed("", "running", 0, again);
  deepEqual([loops.status, loops.items], ["warn", ["gitea.service"]]);
  equal((await failed("")).status, "skip", "some have failed, and which ones is not known");
  for (const word of ["offline", "unknown", ""]) equal((await failed("", word)).status, "skip");
});

Deno.test("time-synchronised believes yes and no alone", async () => {
  const clock = async (answer: Answer) =>
    (await found("time-synchronised", { timedatectl: answer })).status;
  deepEqual(
    [await clock("yes\n"), await clock("no\n"), await clock("n/a\n"), await clock("")],
    ["pass", "warn", "skip", "skip"],
  );
  equal(await clock({ code: 1, stderr: "Failed to connect to bus" }), "skip");
});
