import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import {
  compareIdentities,
  type Identity,
  IDENTITY_KINDS,
  type IdentityKind,
} from "../../../lib/nix/evaluation/identity.ts";
import { comparisonText } from "../../../lib/rebuild/judgement/comparison_text.ts";
import { expectedReason, judgeChanges } from "../../../lib/rebuild/judgement/expected_changes.ts";
import { renderStyles } from "../../../lib/layout/style.ts";

const KINDS = Object.keys(IDENTITY_KINDS) as IdentityKind[];

/** A system that is made of these, by kind and name: what makes a thing this one, and its text. */
function system(parts: Partial<Record<IdentityKind, Record<string, string>>>): Identity {
  return Object.fromEntries(KINDS.map((kind) => [
    kind,
    Object.fromEntries(
      Object.entries(parts[kind] ?? {}).map(([name, text]) => [name, { is: text, text }]),
    ),
  ]));
}

const STORE = (letter: string) => `/nix/store/${letter.repeat(32)}`;

Deno.test("compareIdentities() counts what stays and names the rest, gone first, hashes of store paths dropped", () => {
  const before = system({
    unit: { "a.service": `ExecStart=${STORE("a")}-a/bin/a`, "b.service": "b", "c.service": "c" },
    etc: { fstab: "/ ext4" },
  });
  const after = system({
    unit: { "a.service": `ExecStart=${STORE("b")}-a/bin/a`, "c.service": "c", "d.service": "d" },
    etc: { fstab: "/ ext4" },
  });
  const { counts, differences, unread } = compareIdentities(before, after);
  deepEqual([counts.unit, counts.etc, unread], [
    { before: 3, same: 1 },
    { before: 1, same: 1 },
    [],
  ]);
  deepEqual(differences, [
    { kind: "unit", name: "b.service", state: "gone", before: "b" },
    {
      kind: "unit",
      name: "a.service",
      state: "changed",
      before: "ExecStart=/nix/store/…-a/bin/a",
      after: "ExecStart=/nix/store/…-a/bin/a",
    },
    { kind: "unit", name: "d.service", state: "new", after: "d" },
  ]);
});

Deno.test("compareIdentities() knows nothing of what could not be evaluated, and says so", () => {
  const before = { ...system({}), etc: { fstab: { unreadable: true as const } } };
  const { boot: _, ...after } = system({ etc: { fstab: "/ ext4" } });
  const { differences, unread } = compareIdentities(before, after);
  deepEqual(differences, [{ kind: "etc", name: "fstab", state: "unread" }]);
  deepEqual(unread, ["boot"]);
  const verdicts = judgeChanges({ ...compareIdentities(before, after) });
  deepEqual(verdicts.map(({ ok }) => ok), [false, false]);
});

/** What is said of one change of a vital thing. */
function judged(
  kind: IdentityKind,
  name: string,
  before: string | null,
  after: string | null,
) {
  const one = (text: string | null) => system({ [kind]: text === null ? {} : { [name]: text } });
  const verdicts = judgeChanges(compareIdentities(one(before), one(after)));
  equal(verdicts.length, 1);
  return verdicts[0]!;
}

const REFUSED = [
  ["etc", "fstab", "/ ext4", "/ xfs"],
  ["etc", "crypttab", "data UUID=1", null],
  ["etc", "pam.d/sshd", "auth required pam_unix.so", "auth required pam_deny.so"],
  ["etc", "ssh/sshd_config", "Port 22", null],
  ["etc", "NetworkManager/system-connections/lan", "address1=1", null],
  ["unit", "sshd.service", "a", null],
  ["unit", "firewall.service", "a", "b"],
  ["unit", "data.mount", "a", null],
  ["networkUnit", "10-lan.network", "a", "b"],
  ["boot", "initrd", "a", "b"],
  ["boot", "boot loader", "a", "b"],
  ["boot", "kernel parameters", "console=ttyS0", "intel_iommu=on"],
  ["boot", "kernel parameters", "quiet", "quiet\ninit=/bin/sh"],
  ["account", "root", "uid: 0", null],
  ["group", "wheel", "gid: 1\nmembers: ana bo", "gid: 1\nmembers: ana"],
  ["group", "wheel", "gid: 1\nmembers: ana", "gid: 2\nmembers: ana"],
  ["wrapper", "sudo", "setuid: true", "setuid: false"],
] as const;

for (const [kind, name, before, after] of REFUSED) {
  Deno.test(`judgeChanges() refuses that ${kind} ${name} is ${after === null ? "gone" : `now ${JSON.stringify(after)}`}`, () => {
    const { ok, why, remedy } = judged(kind, name, before, after);
    equal(ok, false);
    match(why, after === null ? /gone/ : /nothing that Hyper-NixOS needs explains/);
    match(remedy!, /--verbose/);
  });
}

Deno.test("judgeChanges() lets what guests need be added, and nothing of it taken away", () => {
  ok(judged("boot", "kernel parameters", "quiet", "quiet\nintel_iommu=on\niommu=pt").ok);
  ok(judged("group", "kvm", "gid: 302\nmembers: ana", "gid: 302\nmembers: ana bo").ok);
  ok(
    judged("unit", "br0-netdev.service", `Exec=${STORE("a")}-start`, `Exec=${STORE("b")}-start`).ok,
  );
  equal(judged("unit", "br0-netdev.service", "Exec=a", "Exec=b").ok, false);
  ok(judged("etc", "issue", "a", "b").ok, "what decides nothing is not judged");
});

Deno.test("comparisonText() says what stays, what is gone and what the rest is for", () => {
  const comparison = compareIdentities(
    system({ unit: { "a.service": "a", "web.service": "x", "nix-daemon.service": "1" } }),
    system({
      unit: { "a.service": "a", "nix-daemon.service": "2", "libvirtd.service": "new" },
      group: { libvirtd: "gid: 67" },
    }),
  );
  const text = renderStyles(comparisonText(comparison, 80, true));
  match(text, /1 of 3 units stay exactly as they are/);
  match(text, /gone: web\.service/);
  match(text, /libvirt +\+libvirtd\.service, group \+libvirtd/);
  match(text, /Nix settings +nix-daemon\.service/);
  match(text, /nix-daemon\.service\n.*- 1\n.*\+ 2/s);
  equal(expectedReason({ kind: "unit", name: "libvirtd.service", state: "gone" }), undefined);
});

Deno.test("comparisonText() claims nothing of what a published tree changes, but that it does", () => {
  const comparison = compareIdentities(
    system({ unit: { "nix-daemon.service": "1" }, etc: { sudoers: `source: ${STORE("a")}` } }),
    system({
      unit: { "nix-daemon.service": "2", "hypervisor-menu.service": "new" },
      etc: { "nixos/flake.nix": "x", sudoers: `source: ${STORE("b")}` },
    }),
  );
  const text = renderStyles(comparisonText(comparison, 80, false, "published"));
  match(text, /the link in \/etc\/nixos +\+\/etc\/nixos\/flake\.nix/);
  match(text, /the tree +\/etc\/sudoers, nix-daemon\.service,\s+\+hypervisor-menu\.service/);
  doesNotMatch(text, /five tools|Nix settings/);
});

Deno.test("compareIdentities() lists a unit that is switched off as gone", () => {
  const unit = (enable: boolean): Identity => ({
    unit: { "clock.service": { is: { unit: null, enable }, text: "[Service]" } },
  });
  const states = (a: boolean, b: boolean) =>
    compareIdentities(unit(a), unit(b)).differences.map(({ state }) => state);
  deepEqual([states(true, false), states(false, true), states(false, false)], [
    ["gone"],
    ["changed"],
    [],
  ]);
});

Deno.test("comparisonText() shows no password hash", () => {
  const hash = "$6$saltsalt$0123456789abcdef";
  const comparison = compareIdentities(
    system({ activation: { users: `echo '${hash}'` } }),
    system({ activation: { users: `echo '${hash}x' password = hunter2` } }),
  );
  const text = renderStyles(comparisonText(comparison, 80, true));
  ok(!text.includes(hash) && !text.includes("hunter2"), text);
});

Deno.test("comparisonText() says so where a secret is all that differs", () => {
  const comparison = compareIdentities(
    system({ unit: { "web.service": 'Environment="TOKEN=hunter2"' } }),
    system({ unit: { "web.service": 'Environment="TOKEN=hunter3"' } }),
  );
  const text = renderStyles(comparisonText(comparison, 80, true));
  ok(!text.includes("hunter"), text);
  match(text, /web\.service\n.*may be a secret/);
});
