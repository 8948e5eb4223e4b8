/** Running guests are asked about before an activation touches them, whichever tool activates. */
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import type { ToolResult } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { RebuildHost } from "../support/rebuild_host.ts";
import { UpdatableMachine } from "../update/updated_machine.ts";
import { InstallerHost, SWITCH } from "./installer_host.ts";

/** A machine on which two guests run, and what a dry activation says. */
interface GuestHost {
  /** Where programs are looked for first. */
  readonly programs: string;
  run(args: readonly string[]): Promise<ToolResult>;
  /** Makes the dry activation of the next system say this. */
  dryRunSays(line: string): void;
  /** What was done to systems. */
  actions(): string[];
}

async function protectsGuests(host: GuestHost): Promise<void> {
  const virsh = `${host.programs}/virsh`;
  Deno.writeTextFileSync(virsh, "#!/bin/sh\nprintf 'web\\ndatabase\\n\\n'\n");
  Deno.chmodSync(virsh, 0o755);
  const done = () => host.actions().map((action) => action.split(" ")[0]);

  host.dryRunSays("would restart the following units: libvirtd.service, sshd.service");
  const refused = await host.run([]);
  equal(refused.code, 4, refused.stdout + refused.stderr);
  match(refused.stderr, /libvirtd\.service, and these guests run: web, database/);
  match(refused.stderr, /--restart-guests/);
  deepEqual(done(), ["dry-activate"]);

  const allowed = await host.run(["--restart-guests"]);
  equal(allowed.code, 0, allowed.stdout + allowed.stderr);
  deepEqual(done(), ["dry-activate", "dry-activate", "test", "boot"]);
}

function saying(line: string): string {
  return `#!/bin/sh\n[ $1 != dry-activate ] || echo '${line}'\n`;
}

needsNix("rebuild-helper does not touch running guests without being allowed to", async () => {
  using host = new RebuildHost();
  await protectsGuests({
    programs: host.stand.folder,
    run: (args) => host.run([...args, "switch"]),
    dryRunSays: (line) => host.ends("hook", saying(line)),
    actions: () => host.actions(),
  });
  host.ends("hook", saying("would restart the following units: sshd.service"));
  equal((await host.run(["switch"])).code, 0, "what guests do not need is restarted unasked");
  host.ends("exit-dry-activate", "1");
  const unknown = await host.run(["switch"]);
  equal(unknown.code, 4, "what nobody can say is no yes");
  match(unknown.stderr, /these guests run: web, database/);
});

needsNix("system-installer does not touch running guests without being allowed to", async () => {
  using host = new InstallerHost("uefi");
  await protectsGuests({
    programs: host.stand.folder,
    run: (args) => host.run([...SWITCH, ...args]),
    dryRunSays: (line) => host.ends("hook", saying(line)),
    actions: () => host.actions(),
  });
});

needsNix("dev-update does not touch running guests without being allowed to", async () => {
  await using updatable = await UpdatableMachine.install();
  using host = updatable.copy();
  const actions = "/run/standin-activation/actions";
  const before = host.machine.read(actions).trim().split("\n").length;
  await protectsGuests({
    programs: host.machine.stand.folder,
    run: (args) => host.run(args),
    dryRunSays: (line) => host.write("/run/standin-activation/hook", saying(line), 0o755),
    actions: () => host.machine.read(actions).trim().split("\n").slice(before),
  });
});

needsNix(
  "system-installer --undo does not touch running guests without being allowed to",
  async () => {
    using host = new InstallerHost("uefi");
    const { machine } = host;
    equal((await host.run(SWITCH)).code, 0);
    // What a real activation leaves.
    Deno.removeSync(machine.host("/run/current-system"));
    Deno.symlinkSync(host.bootDefault(), machine.host("/run/current-system"));
    const passwd = machine.read("/etc/passwd");
    await protectsGuests({
      programs: host.stand.folder,
      run: (args) => host.run(["--undo", ...args]),
      dryRunSays: (line) => {
        machine.write("/run/standin-activation/actions", "");
        host.ends("hook", saying(line));
      },
      actions: () => host.actions().filter((action) => action !== ""),
    });
    equal(machine.read("/etc/passwd"), passwd);
  },
);

needsNix("guests are seen by their processes when libvirt does not say", async () => {
  using host = new RebuildHost();
  host.ends("hook", saying("would stop the following units: libvirtd.service"));
  const write = (path: string, text: string) => {
    Deno.mkdirSync(host.machine.host("/run/libvirt/qemu"), { recursive: true });
    Deno.writeTextFileSync(host.machine.host(path), text);
  };
  // No libvirt at all, one guest that runs, files of one that is gone, of one whose number another process
  // has now, and of libvirt itself.
  await using web = new Deno.Command("sh", {
    args: ["-c", "read end", "-name", "guest=web,debug-threads=on"],
    stdin: "piped",
  }).spawn();
  write("/run/libvirt/qemu/web.pid", `${web.pid}\n`);
  write("/run/libvirt/qemu/old.pid", "4194305\n");
  write("/run/libvirt/qemu/other.pid", `${web.pid}\n`);
  write("/run/libvirt/qemu/driver.pid", `${Deno.pid}\n`);
  const stopped = await host.run(["switch"]);
  equal(stopped.code, 4, stopped.stderr);
  match(stopped.stderr, /these guests run: web$/m);
  deepEqual(host.actions().map((action) => action.split(" ")[0]), ["dry-activate"]);

  // One that hangs may know of others.
  Deno.writeTextFileSync(`${host.stand.folder}/virsh`, "#!/bin/sh\nexec sleep 600\n");
  Deno.chmodSync(`${host.stand.folder}/virsh`, 0o755);
  const hangs = await host.run(["switch"]);
  equal(hangs.code, 4, hangs.stderr);
  match(hangs.stderr, /these guests run: web; there may be others: libvirt does not answer/);
  Deno.removeSync(host.machine.host("/run/libvirt/qemu/web.pid"));
  const allowed = await host.run(["--restart-guests", "switch"]);
  equal(allowed.code, 0, allowed.stderr);
  match(allowed.stderr, /which guests run is not known: libvirt does not answer/);
  doesNotMatch(allowed.stderr, /this is a bug/);
});
