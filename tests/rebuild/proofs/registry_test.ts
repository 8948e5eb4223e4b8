/** Each proof lets the rented server through as it is, and refuses it when what it is about breaks. */
import { deepEqual, equal, match } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { PROOFS } from "../../../lib/rebuild/proofs/registry.ts";
import { refusals } from "../../../lib/rebuild/proofs/verdict.ts";
import { luksDevice, question, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

interface Breakage {
  /** What the machine is beside the rented server. */
  readonly is?: Change;
  readonly now?: Partial<MachineNow>;
  /** What the new configuration does to it. */
  readonly breaks: Change;
}

const { disks } = rentedServerNow();

function wireguard(name: string, allowed: string) {
  const peers = [{ key: "abc=", allowedIPs: [allowed], endpoint: null }];
  return { name, addresses: [], listenPort: 51820, keyFile: "/etc/wg.key", peers };
}

/** One for each proof, by its name. */
const BREAKAGES: Readonly<Record<string, Breakage>> = {
  "ssh-server": { breaks: (f) => f.ssh.enable = false },
  "firewall": { breaks: (f) => f.firewall.open.tcp = [443] },
  "link": {
    is: (f) => f.services.push("wireguard-wg0"),
    now: {
      interfaces: rentedServerNow().interfaces
        .map((one) => one.name === "ens3" ? { ...one, kind: "tunnel" } : one),
    },
    breaks: (f) => f.services = [],
  },
  "tunnel": {
    is: (f) => f.network.tunnels = [wireguard("ens3", "198.51.100.7/32")],
    breaks: (f) => f.network.tunnels = [wireguard("ens3", "198.51.100.8/32")],
  },
  "address": { breaks: (f) => f.network.interfaces[0]!.ipv4 = [] },
  "route": { breaks: (f) => f.network.defaultGateway = null },
  "reverse-path": {
    is: (f) => f.firewall.checkReversePath = "loose",
    now: { wayOut: "ens4" },
    breaks: (f) => f.firewall.checkReversePath = "strict",
  },
  "interface-names": { breaks: (f) => f.network.usePredictableInterfaceNames = false },
  "host-keys": { breaks: (f) => f.ssh.hostKeys = [] },
  "extra-config": { breaks: (f) => f.ssh.extraConfig = "DenyUsers root" },
  "ssh-settings": { breaks: (f) => f.ssh.otherSettings.ChrootDirectory = "/empty" },
  "second-factors": {
    is: (f) => f.ssh.otherSettings.AuthenticationMethods = "publickey,password",
    breaks: (f) => f.ssh.otherSettings = {},
  },
  "stranger": {
    is: (f) => f.services.push("sssd"),
    now: { stranger: "jane@corp" },
    breaks: (f) => f.services = [],
  },
  "access": { breaks: (f) => f.users.accounts[0]!.authorizedKeys = [] },
  "pam-files": {
    is: (f) => {
      f.pam = { sshd: "account required pam_access.so\nauth required pam_permit.so\n" };
      f.pamFiles = { "access.conf": "1" };
    },
    breaks: (f) => f.pamFiles = { "access.conf": "2" },
  },
  "numbers": {
    now: {
      accounts: [
        ...rentedServerNow().accounts,
        { ...rentedServerNow().accounts[0]!, name: "sshd", uid: 999, password: "locked" },
      ],
    },
    breaks: (f) =>
      f.users.accounts.push({ ...f.users.accounts[0]!, name: "operator", uid: 999, home: "/o" }),
  },
  "disks": {
    now: { disks: { ...disks, presence: (at) => at === "/dev/vda1" ? "present" : "absent" } },
    breaks: (f) => f.fileSystems[0]!.device = "/dev/sda1",
  },
  "encrypted": {
    is: luks,
    now: {
      disks: {
        ...disks,
        below: [{ name: "dm-0", kind: "luks", mappedName: "crypt", on: ["vda1"] }],
      },
    },
    breaks: (f) => f.boot.luks = [],
  },
  "resolver": {
    is: (f) => {
      f.network.nameservers = ["127.0.0.1"];
      f.services.push("unbound");
    },
    breaks: (f) => f.services = [],
  },
  "assembled": {
    is: (f) => f.boot.crypttab = "data UUID=1 /key",
    breaks: (f) => f.boot.crypttab = "",
  },
  "mount-helpers": {
    is: (f) => {
      f.fileSystems.push({ ...f.fileSystems[0]!, mountPoint: "/far", fsType: "nfs" });
      f.mountHelpers = ["nfs-utils"];
    },
    breaks: (f) => f.mountHelpers = [],
  },
  "boot": { is: (f) => f.boot.loader = "grub", breaks: (f) => f.boot.loader = "" },
  "unlocking": {
    is: (f) => {
      luks(f);
      f.boot.initrdSsh = true;
    },
    breaks: (f) => f.boot.initrdSsh = false,
  },
};

function luks(facts: ConfigurationFacts): void {
  facts.boot.luks = [luksDevice("crypt", "/dev/vda1")];
}

Deno.test("PROOFS have a name each, and a breakage each", () => {
  const names = PROOFS.map(({ name }) => name);
  equal(new Set(names).size, names.length);
  names.forEach((name) => match(name, /^[a-z]+(-[a-z]+)*$/));
  deepEqual(names.toSorted(), Object.keys(BREAKAGES).toSorted());
});

for (const { name, prove } of PROOFS) {
  Deno.test(`the proof ${name} holds for a machine that stays, and refuses what breaks it`, () => {
    const { is = () => {}, now, breaks } = BREAKAGES[name]!;
    const before = rentedServerFacts(is);
    deepEqual(refusals(prove(question(before, before, now))), []);
    const after = rentedServerFacts((facts) => {
      is(facts);
      breaks(facts);
    });
    const refused = refusals(prove(question(before, after, now)));
    equal(refused.length > 0, true, "nothing was refused");
    refused.forEach(({ remedy }) => match(remedy ?? "", /\w/, "a refusal names what would help"));
  });
}
