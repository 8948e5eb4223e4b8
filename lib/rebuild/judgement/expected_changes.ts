import type { Comparison, Difference, IdentityKind } from "../../nix/evaluation/identity.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import { fails, holds, type Verdict } from "../proofs/verdict.ts";

/** What Hyper-NixOS must change in a system, by what for. */
interface Expected {
  readonly reason: string;
  readonly kinds: readonly IdentityKind[];
  readonly names: RegExp;
}

/** In the order in which a plan shows them; what nobody expects is shown last. */
const EXPECTED: readonly Expected[] = [
  {
    reason: "libvirt",
    kinds: ["unit", "userUnit", "unitPackage", "etc", "account", "group", "wrapper", "activation"],
    names: /^(lib)?virt|^qemu|^ethertypes$|^libvirt/,
  },
  {
    reason: "libvirt's ground",
    kinds: ["etc", "unit", "userUnit", "unitPackage", "account", "group", "wrapper"],
    names:
      /^(dbus-1|dbus(-broker)?\.service|polkit-1\/.*|polkit\.service|pam\.d\/polkit-1|polkit-\d.*|polkituser|pkexec|polkit-agent-helper-1|modules-load\.d\/nixos\.conf|systemd-modules-load\.service|suid-sgid-wrappers\.service|systemd\/system-(generators|shutdown)|udev\/.*|systemd-udevd\.service|modprobe\.d\/.*|sysctl\.d\/60-nixos\.conf|systemd-sysctl\.service)$/,
  },
  {
    reason: "users' groups",
    kinds: ["group", "account"],
    names: /^(wheel|kvm|libvirtd|video|input|qemu-libvirtd)$/,
  },
  { reason: "sudo for guests", kinds: ["etc"], names: /^sudoers$/ },
  {
    reason: "the IOMMU",
    kinds: ["boot"],
    names: /^kernel parameters$/,
  },
  {
    reason: "Nix settings",
    kinds: ["etc", "unit"],
    names: /^(nix\/.*|nix-daemon\.(service|socket))$/,
  },
  {
    reason: "the tools' folders",
    kinds: ["etc", "unit"],
    names: /^(tmpfiles\.d(\/.*)?|systemd-tmpfiles-.*)$/,
  },
  {
    reason: "programs added",
    kinds: ["etc"],
    names: /^(terminfo|man_db\.conf|profiles\/per-user\/.*|xdg\/.*|bash_completion\.d.*)$/,
  },
  {
    reason: "the five tools",
    kinds: ["unit", "etc"],
    names:
      /^(hypervisor-.*|nixos\/flake\.nix|nixos-upgrade\.service|profile|bashrc|zshrc|zshenv|zprofile|fish\/.*|set-environment|pam\/environment)$/,
  },
  { reason: "made of these", kinds: ["activation"], names: /./ },
];

/** What is added to a published tree (nix/module/flake_link.nix). */
const OF_THE_INSTALLATION = /^(nixos\/flake\.nix|hyper-nixos-flake)$/;

/** What the name of the host stands in. */
const OF_THE_NAME = /^(hostname|hosts|lsb-release|os-release)$/;

/**
 * Why Hyper-NixOS makes a difference; undefined for one that nobody expects. Of a published tree, which is a
 * system of its own, no more is known than that.
 */
export function expectedReason(
  difference: Difference,
  layout: TreeLayout = "native",
): string | undefined {
  const { kind, name, state } = difference;
  if (state === "gone" || state === "unread") return undefined;
  if (layout === "published") {
    return OF_THE_INSTALLATION.test(name)
      ? "the link in /etc/nixos"
      : isOtherProgramsOnly(difference) && !isKnownByPath(difference)
      ? "programs and scripts in it"
      : "the tree";
  }
  if (kind === "etc" && OF_THE_NAME.test(name)) return "the host name";
  return EXPECTED.find((one) => one.kinds.includes(kind) && one.names.test(name))?.reason ??
    (isOtherProgramsOnly(difference) ? "programs and scripts in it" : undefined);
}

/** What says the same, but for the programs that it finds on its PATH or in a script. */
function isOtherProgramsOnly({ kind, before, after }: Difference): boolean {
  if (!["unit", "userUnit", "etc"].includes(kind) || before === undefined || after === undefined) {
    return false;
  }
  const rest = (text: string) =>
    text.split("\n").filter((line) => !line.startsWith('Environment="PATH=')).join("\n");
  return rest(before) === rest(after);
}

/** A file of which only the store path is known, which says nothing of what is in it. */
function isKnownByPath({ after }: Difference): boolean {
  return /^source: /m.test(after ?? "");
}

/** What decides whether the machine boots or lets somebody in, by kind. */
const VITAL: Readonly<Partial<Record<IdentityKind, RegExp>>> = {
  etc:
    /^(fstab|crypttab|mdadm\.conf|lvm\/.*|ssh\/.*|pam\.d\/.*|pam\/(?!environment).*|security\/.*|NetworkManager\/.*|resolv.*|dhcpcd.*|wpa_supplicant.*|sudoers|doas\.conf|krb5\.conf|nsswitch\.conf|static\/.*|shells)$/,
  unit:
    /^(ssh|network|NetworkManager|firewall|nftables|nat\b|systemd-(network|resolved|cryptsetup)|wpa_supplicant|dhcpcd|zfs|lvm|mdmon|mdmonitor|getty|serial-getty|autovt|display-manager|cloud-init)|-netdev\.service$|\.(mount|swap|automount)$/,
  networkUnit: /./,
  boot: /./,
  account: /./,
  group: /./,
  wrapper: /./,
};

function isVital({ kind, name, state }: Difference): boolean {
  return state !== "new" && (VITAL[kind]?.test(name) ?? false);
}

/**
 * Judges the differences that decide whether a machine boots or lets somebody in: each is what
 * Hyper-NixOS must change, and no more than that, or it is a claim that does not hold.
 */
export function judgeChanges({ differences, unread }: Comparison): Verdict[] {
  const vital = differences.filter(isVital);
  const refused = vital.filter((difference) => !isHarmless(difference));
  const lost = unread.filter((kind) => VITAL[kind] !== undefined);
  return [
    ...lost.map((kind) =>
      fails(
        "identity",
        `the ${kind} part of the system stays as it is`,
        "it could not be evaluated in both",
        "correct what does not evaluate; --verbose shows Nix's own message",
      )
    ),
    ...refused.map((difference) =>
      fails(
        "identity",
        `${nameOf(difference)} stays as it is`,
        whatHappens(difference),
        `set in ${"/etc/hypervisor/configuration/local.nix"} what it must be; --verbose shows the difference`,
      )
    ),
    ...(refused.length + lost.length === 0
      ? [holds(
        "identity",
        "what boots the machine and lets people in stays as it is",
        vital.length === 0
          ? "nothing of it changes"
          : vital.map(nameOf).join(", ") + " gain what guests need, and lose nothing",
      )]
      : []),
  ];
}

/** A vital thing may gain what guests need, where that takes nothing away. */
function isHarmless(difference: Difference): boolean {
  const { kind, name, state, before = "", after = "" } = difference;
  if (state !== "changed") return false;
  if (kind === "boot" && name === "kernel parameters") {
    const extra = addedLines(before, after);
    return extra !== undefined &&
      extra.every((word) => /^((intel|amd)_iommu=on|iommu=pt)$/.test(word));
  }
  // Who becomes root is proven by itself; the rules may only grow.
  if (kind === "etc" && name === "sudoers") return true;
  if (kind === "group") return onlyNewMembers(before, after);
  // Beside libvirtd, NixOS's script of a bridge takes guests' interfaces back in after it was made anew.
  if (kind === "unit" && name.endsWith("-netdev.service")) return isOtherProgramsOnly(difference);
  return false;
}

/** The lines that came to be; undefined when others went. */
function addedLines(before: string, after: string): string[] | undefined {
  const left = after.split("\n");
  for (const line of before.split("\n").filter((line) => line !== "")) {
    const index = left.indexOf(line);
    if (index < 0) return undefined;
    left.splice(index, 1);
  }
  return left.filter((line) => line !== "");
}

/** `gid: 1`, `members: a b`, as `compareIdentities` writes them. */
function onlyNewMembers(before: string, after: string): boolean {
  const read = (text: string, name: string) =>
    text.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
  const members = (text: string) => read(text, "members").split(" ").filter((word) => word !== "");
  const now = members(after);
  return read(before, "gid") === read(after, "gid") &&
    members(before).every((name) => now.includes(name));
}

function whatHappens({ state }: Difference): string {
  return state === "gone"
    ? "it would be gone"
    : state === "unread"
    ? "it could not be evaluated in both systems"
    : "it would be changed, and nothing that Hyper-NixOS needs explains that";
}

/** What stands before the name of a thing of a kind, and after it. */
const WORDS: Readonly<Record<IdentityKind, readonly [before: string, after?: string]>> = {
  etc: ["/etc/"],
  unit: [""],
  boot: ["the "],
  userUnit: ["", " of users"],
  networkUnit: ["/etc/systemd/network/"],
  unitPackage: ["the units of "],
  activation: ["the activation script "],
  account: ["the account "],
  group: ["the group "],
  wrapper: ["/run/wrappers/bin/"],
};

/** A difference in words, for example `/etc/fstab` or `the account ana`. */
export function nameOf({ kind, name }: Pick<Difference, "kind" | "name">): string {
  const [before, after = ""] = WORDS[kind];
  return before + name + after;
}
