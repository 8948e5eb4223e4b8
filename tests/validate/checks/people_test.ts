import { deepEqual, equal, match } from "node:assert/strict";
import { peopleChecks } from "../../../lib/validate/checks/people.ts";
import { Facts, NotLookedAt } from "../../../lib/validate/facts.ts";
import { lookAt } from "../look.ts";
import { testContext } from "../../support/context.ts";
import { accountFacts, configurationFacts } from "../../support/facts.ts";

/** What "users in their groups" finds when /etc/group is this and alice declares three extra groups. */
async function membersFinding(group: string): Promise<unknown> {
  const root = Deno.makeTempDirSync({ prefix: "people-" });
  try {
    Deno.mkdirSync(`${root}/etc`);
    Deno.writeTextFileSync(`${root}/etc/passwd`, "alice:x:1000:100::/home/alice:/bin/sh\n");
    Deno.writeTextFileSync(`${root}/etc/group`, group);
    const ctx = testContext({ root });
    const configuration = configurationFacts(({ users }) => {
      users.accounts.push(accountFacts({
        name: "alice",
        isNormalUser: true,
        extraGroups: ["wheel", "kvm", "networkmanager"],
      }));
      users.groups.push({ name: "kvm", gid: 302, members: [] });
    });
    class Known extends Facts {
      override readonly requireSource = () => {};
      override readonly configuration = () => Promise.resolve(configuration);
    }
    const check = peopleChecks.find(({ id }) => id === "group-members")!;
    return await check.check(ctx, new Known(ctx));
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

// networkmanager stands in what NixOS's installers write, also where NetworkManager is off since.
Deno.test("an extra group that nothing declares is missed by nobody: no activation makes it", async () => {
  const found = await membersFinding("wheel:x:1:alice\nusers:x:100:\nkvm:x:302:alice\n");
  deepEqual((found as { status: string }).status, "pass");
});

Deno.test("a declared extra group that the user is not in is missed, and it alone", async () => {
  const found = await membersFinding("wheel:x:1:alice\nusers:x:100:\nkvm:x:302:\n");
  const { status, detail } = found as { status: string; detail: string };
  deepEqual({ status, detail }, { status: "fail", detail: "missing: alice in kvm" });
});

const PASSWD = "root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\n";
const GROUP = "root:x:0:\nwheel:x:1:alice\nusers:x:100:\nops:x:500:\n";
const NO_ROOT = "root:!:1::::::\n";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsWcy7bYVJWmRjeVYzmB0g0hRgW8DVg2P0sX2Z5QkLm a\n";
const KEYS = { "etc/ssh/authorized_keys.d/root": KEY };
const now = () => new Date("2026-11-30T12:00:00Z");
const [TODAY, TOMORROW] = [20_787, 20_788];

for (
  const [what, files, expected, says] of [
    [
      "a password in wheel",
      {
        "etc/shadow": NO_ROOT + "alice:$6$s$h:1::::::\n",
      },
      "pass",
      "alice can become root",
    ],
    [
      "wheel as the primary group",
      {
        "etc/passwd": PASSWD.replace(":1000:100:", ":1000:1:"),
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT + "alice:$6$s$h:1::::::\n",
      },
      "pass",
      "alice can become root",
    ],
    [
      "an account that has expired",
      {
        "etc/shadow": NO_ROOT + `alice:$6$s$h:1:::::${TODAY}:\n`,
      },
      "fail",
      "nobody can become root",
    ],
    [
      "an account that expires tomorrow",
      {
        "etc/shadow": NO_ROOT + `alice:$6$s$h:1:::::${TOMORROW}:\n`,
      },
      "pass",
      "alice can become root",
    ],
    [
      "an account that no shell lets in",
      {
        "etc/passwd": PASSWD.replace("alice:/bin/sh", "alice:/run/current-system/sw/bin/nologin"),
        "etc/shadow": NO_ROOT + "alice:$6$s$h:1::::::\n",
      },
      "fail",
      "nobody can become root",
    ],
    // Cloud images, and what an installation writes for who has no password.
    [
      "a rule for wheel that asks for none",
      {
        "etc/sudoers": "%wheel ALL=(ALL:ALL) NOPASSWD:SETENV: ALL\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "pass",
      "alice can become root",
    ],
    [
      "a rule for him alone",
      {
        "etc/group": GROUP.replace("alice", ""),
        "etc/sudoers": "bob, alice ALL=(ALL) NOPASSWD: ALL\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "pass",
      "alice can become root",
    ],
    [
      "a rule of doas for his group",
      {
        "etc/group": GROUP.replace("alice", "").replace("ops:x:500:", "ops:x:500:alice"),
        "etc/doas.conf": "permit nopass :ops\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "pass",
      "alice can become root",
    ],
    [
      "a rule that makes him another user only",
      {
        "etc/sudoers": "alice ALL=(postgres) NOPASSWD: ALL\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "warn",
      "have no password to type",
    ],
    [
      "a rule for operating guests only",
      {
        "etc/sudoers": "alice ALL=(root) NOPASSWD: /run/current-system/sw/bin/virsh list\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "warn",
      "have no password to type",
    ],
    [
      "no password asked of whoever has a rule",
      {
        "etc/sudoers": "Defaults !authenticate\n%wheel ALL=(ALL) ALL\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "pass",
      "alice can become root",
    ],
    [
      "the same without a rule",
      {
        "etc/group": GROUP.replace("alice", ""),
        "etc/sudoers": "Defaults !authenticate\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "fail",
      "nobody can become root",
    ],
    [
      "root's password",
      { "etc/shadow": "root:$6$s$h:1::::::\nalice:!:1::::::\n" },
      "pass",
      "root has a password",
    ],
    [
      "root's key",
      {
        ...KEYS,
        "etc/ssh/sshd_config": "PermitRootLogin prohibit-password\n",
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT,
      },
      "pass",
      "over SSH with a key",
    ],
    [
      "root's key for one command",
      {
        ...KEYS,
        "etc/ssh/sshd_config": "PermitRootLogin forced-commands-only\n",
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT,
      },
      "fail",
      "nobody can become root",
    ],
    [
      "root's key, and users of whom root is none",
      {
        ...KEYS,
        "etc/ssh/sshd_config": "PermitRootLogin yes\nAllowUsers alice bob\n",
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT,
      },
      "fail",
      "nobody can become root",
    ],
    [
      "root's key from one network",
      {
        ...KEYS,
        "etc/ssh/sshd_config": "PermitRootLogin yes\nAllowUsers root@10.0.0.0/8\n",
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT,
      },
      "pass",
      "over SSH with a key",
    ],
    [
      "an alias of his and of everything",
      {
        "etc/group": GROUP.replace("alice", ""),
        "etc/sudoers": "OPS ALL=(SUPER) NOPASSWD: ANY\n@include more\n",
        "etc/more": "User_Alias OPS = alice\nCmnd_Alias ANY = ALL\nRunas_Alias SUPER = root\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "pass",
      "alice can become root",
    ],
    [
      "a rule for all but him",
      {
        "etc/group": GROUP.replace("alice", ""),
        "etc/sudoers": "ALL, !alice ALL=(ALL) NOPASSWD: ALL\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "fail",
      "nobody can become root",
    ],
    [
      "a rule on another host",
      {
        "etc/hostname": "web\n",
        "etc/group": GROUP.replace("alice", ""),
        "etc/sudoers": "alice db=(ALL) NOPASSWD: ALL\nalice 192.0.2.1=(ALL) NOPASSWD: ALL\n",
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "fail",
      "nobody can become root",
    ],
    [
      "people of a directory",
      {
        "etc/nsswitch.conf": "passwd: files sss systemd\nsudoers: files sss\nhosts: files ldap\n",
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "skip",
      "those of sss are not asked",
    ],
    [
      "homes of systemd",
      {
        "etc/nsswitch.conf": "passwd: files mymachines systemd\n",
        "var/lib/systemd/home/carol.identity": "{}",
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "skip",
      "those of systemd-homed are not asked",
    ],
    [
      "NixOS's own services",
      {
        "etc/nsswitch.conf":
          "passwd: files mymachines systemd\ngroup: files [success=merge] systemd\n",
        "etc/group": GROUP.replace("alice", ""),
        "etc/shadow": NO_ROOT + "alice:!:1::::::\n",
      },
      "fail",
      "nobody can become root",
    ],
    ["a passwd that is empty", { "etc/passwd": "" }, "fail", "names nobody"],
    ["a shadow that is not there", {}, "skip", "there is no /etc/shadow"],
    ["a shadow that is a folder", { "etc/shadow/": "" }, "skip", "is a folder, not a regular file"],
  ] as const
) {
  Deno.test(`administrators and ${what}: ${expected}`, async () => {
    const machine = { "etc/passwd": PASSWD, "etc/group": GROUP, ...files };
    const found = await lookAt("administrators", machine, { now }).catch(reasonOf);
    equal(found.status, expected, found.detail);
    equal(found.detail.includes(says), true, found.detail);
  });
}

/** What the report makes of a check that was not made. */
function reasonOf(error: unknown): { readonly status: string; readonly detail: string } {
  if (!(error instanceof NotLookedAt)) throw error;
  return { status: "skip", detail: error.message };
}

Deno.test("empty-passwords names who needs none, and nobody who has none to match", async () => {
  const look = (shadow: string) =>
    lookAt("empty-passwords", { "etc/passwd": PASSWD, "etc/group": GROUP, "etc/shadow": shadow });
  equal((await look("root:!:1::::::\nalice:*:1::::::\n")).status, "pass");
  const found = await look("root::1::::::\r\nalice::1::::::\r\n");
  deepEqual([found.status, found.items, found.remedy], ["fail", ["root", "alice"], "passwd root"]);
  // "The old form" of the C library has five fields: this lets alice in.
  const old = await look("root:!:1::::::\nalice::1::\n");
  deepEqual([old.status, old.items], ["warn", ["alice"]]);
});

Deno.test("groups names what an activation would make", async () => {
  const look = (group: string) => lookAt("groups", { "etc/hypervisor/": "", "etc/group": group });
  match((await look(GROUP)).detail, /^missing: kvm, libvirtd, video, input$/);
  const all = ["wheel", "kvm", "libvirtd", "video", "input"].map((name, gid) =>
    `${name}:x:${gid}:`
  );
  equal((await look(all.join("\n"))).status, "pass");
});
