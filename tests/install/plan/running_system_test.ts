import assert from "node:assert/strict";
import { compareWithRunning } from "../../../lib/install/plan/running_system.ts";
import type { Identity } from "../../../lib/nix/evaluation/identity.ts";
import { testContext } from "../../support/context.ts";
import { accountFacts, configurationFacts } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

const SYSTEM = "/nix/store/0000000000000000000000000000000a-nixos-system-host-24.05";
const SSHD =
  "[Service]\nExecStart=/nix/store/0000000000000000000000000000000b-openssh-9.7p1/bin/sshd -D\n";
const ROOT = {
  mountPoint: "/",
  device: "/dev/disk/by-uuid/1",
  fsType: "ext4",
  options: [],
  neededForBoot: true,
};

/** What was read: a host with one disk, one account and sshd. */
const READ = configurationFacts((facts) => {
  facts.hostName = "host";
  facts.fileSystems = [ROOT];
  facts.ssh = { ...facts.ssh, enable: true, ports: [22], permitRootLogin: "prohibit-password" };
  facts.firewall = { ...facts.firewall, enable: true, trustedInterfaces: [] };
  facts.firewall.open = { tcp: [22], udp: [], tcpRanges: [], udpRanges: [] };
  facts.users.accounts = [accountFacts({ name: "ana", uid: 1000, isNormalUser: true })];
});
const IDENTITY: Identity = {
  toplevel: "/nix/store/0000000000000000000000000000000c-nixos-system-host-24.05",
  etc: {},
  unit: { "sshd.service": { is: 1, text: SSHD } },
  boot: { "kernel parameters": { is: ["quiet", "loglevel=4"] } },
};

/** The files of the system that runs, as those of `READ` would be. */
const RUNS: Record<string, string> = {
  "etc/hostname": "host\n",
  "etc/fstab":
    "# This is a generated file.\n/dev/disk/by-uuid/1 / ext4 x-initrd.mount 0 1\n/dev/sda2 none swap defaults\n",
  "etc/systemd/system/sshd.service": SSHD,
  "kernel-params": "quiet loglevel=4",
  activate: "perl /nix/store/0000000000000000000000000000000d-update-users-groups.pl " +
    "/nix/store/0000000000000000000000000000000e-users-groups.json\n",
};
const ACCOUNTS = {
  mutableUsers: true,
  users: [{ name: "root", uid: 0 }, { name: "ana", uid: 1000 }, { name: "sshd", uid: 993 }],
};

async function compared(
  changes: Record<string, string | undefined> = {},
  accounts: object = ACCOUNTS,
  identity: Identity = IDENTITY,
  others: Record<string, string> = {},
) {
  const files = Object.fromEntries(
    Object.entries({ ...RUNS, ...changes }).flatMap(([name, text]) =>
      text === undefined ? [] : [[`${SYSTEM.slice(1)}/${name}`, text]]
    ),
  );
  let found: ReturnType<typeof compareWithRunning> | undefined;
  await withScratch({
    ...files,
    ...others,
    "nix/store/0000000000000000000000000000000e-users-groups.json": JSON.stringify(accounts),
    "nix/var/nix/profiles/system": { link: SYSTEM },
  }, (folder) => {
    found = compareWithRunning(testContext({ root: Deno.realPathSync(folder) }), READ, identity);
    return Promise.resolve();
  });
  return found!;
}

async function differences(...given: Parameters<typeof compared>): Promise<readonly string[]> {
  const found = await compared(...given);
  assert.ok(found.kind === "other");
  return found.differences.map(({ text }) => text);
}

Deno.test("compareWithRunning() knows the system that was read by its store path", async () => {
  assert.equal((await compared({}, ACCOUNTS, { ...IDENTITY, toplevel: SYSTEM })).kind, "same");
  assert.equal(
    (await compared({}, ACCOUNTS, { ...IDENTITY, toplevel: { unreadable: true } })).kind,
    "other",
  );
});

Deno.test("compareWithRunning() finds a channel that was updated and not yet rebuilt ordinary", async () => {
  const updated = SSHD.replace("0b-openssh-9.7p1", "0f-openssh-9.8p1");
  assert.deepEqual(await differences({ "etc/systemd/system/sshd.service": updated }), []);
});

Deno.test("compareWithRunning() names what differs in meaning", async () => {
  const changes: readonly (readonly [Record<string, string | undefined>, RegExp])[] = [
    [{ "etc/hostname": "other\n" }, /the host name: host was read, other runs/],
    [
      { "etc/fstab": "/dev/disk/by-uuid/2 / ext4 defaults 0 1\n" },
      /^\/: .*uuid\/1 was read, .*uuid\/2 runs/,
    ],
    [
      { "etc/fstab": `${RUNS["etc/fstab"]}/dev/sdb1 /srv/my\\040data ext4 defaults 0 2\n` },
      /\/srv\/my data: \/dev\/sdb1 is mounted by what runs, and nothing by what was read/,
    ],
    // What is in memory has any word for a device.
    [{ "etc/fstab": "none / tmpfs mode=755 0 0\n" }, /^\/: .*uuid\/1 was read, a tmpfs runs$/],
    [
      { "etc/fstab": `${RUNS["etc/fstab"]}none /scratch ramfs defaults 0 0\n` },
      /^\/scratch: a ramfs is mounted by what runs, and nothing/,
    ],
    [{ "etc/crypttab": "data UUID=1 none\n" }, /\/etc\/crypttab is in what runs/],
    [{ "etc/systemd/system/sshd.service": `${SSHD}User=x\n` }, /sshd\.service differs: User=x/],
    [
      { "etc/systemd/system/sshd.service": undefined, "etc/systemd/system/x": "" },
      /sshd\.service was read, and what runs has none/,
    ],
    [{ "etc/systemd/system/dhcpcd.service": "x" }, /dhcpcd\.service is in what runs/],
    [
      { "kernel-params": "quiet" },
      /the kernel's parameters: loglevel=4 quiet were read, quiet run/,
    ],
  ];
  for (const [change, said] of changes) {
    const found = await differences(change);
    assert.equal(found.length, 1, JSON.stringify([change, found]));
    assert.match(found[0]!, said);
  }
});

Deno.test("compareWithRunning() names a port that the running firewall's script lets in", async () => {
  const store = "/nix/store/0000000000000000000000000000001b-firewall-start";
  const unit = `ExecStart=@${store}/bin/firewall-start firewall-start\n`;
  const identity: Identity = {
    ...IDENTITY,
    unit: { ...IDENTITY.unit, "firewall.service": { is: 1, text: unit } },
  };
  const script = (...ports: number[]) =>
    "ip46tables -N nixos-fw\n" +
    ports.map((port) => `ip46tables -A nixos-fw -p tcp --dport ${port} -j nixos-fw-accept \n`)
      .join("");
  const found = (...ports: number[]) =>
    differences(
      { "etc/systemd/system/firewall.service": unit },
      ACCOUNTS,
      identity,
      { [`${store.slice(1)}/bin/firewall-start`]: script(...ports) },
    );
  assert.deepEqual(await found(22), []);
  assert.deepEqual(await found(22, 8080), [
    "the firewall: tcp 8080 is let in by what runs, and not by what was read",
  ]);
  assert.deepEqual(await found(), [
    "the firewall: tcp 22 is let in by what was read, and not by what runs",
  ]);
});

Deno.test("compareWithRunning() takes scripts of a firewall that are not there for no firewall's", async () => {
  const unit = ["deletions", "rules"].map((name) =>
    `ExecStart=/nix/store/0000000000000000000000000000001b-nftables-${name}\n`
  ).join("");
  const identity: Identity = {
    ...IDENTITY,
    unit: { ...IDENTITY.unit, "firewall.service": { is: 1, text: unit } },
  };
  const runs = { "etc/systemd/system/firewall.service": unit };
  assert.deepEqual(await differences(runs, ACCOUNTS, identity), []);
});

Deno.test("compareWithRunning() compares where the SSH server listens and what it takes", async () => {
  const found = (text: string) => differences({ "etc/ssh/sshd_config": text });
  const same = "Port 22\nPermitRootLogin prohibit-password\nPasswordAuthentication yes\n";
  assert.deepEqual(await found(`${same}Match User x\n  PasswordAuthentication no\n`), []);
  assert.deepEqual(await found(same.replace("22", "2200").replace("yes", "no")), [
    "the SSH server's port: 22 was read, 2200 runs",
    "PasswordAuthentication: yes was read, no runs",
  ]);
});

Deno.test("compareWithRunning() compares who is declared", async () => {
  const [ana, ...others] = ACCOUNTS.users.toReversed().slice(1);
  assert.match(
    (await differences({}, { ...ACCOUNTS, users: others }))[0]!,
    /account ana is declared by what was read/,
  );
  const bo = { name: "bo", uid: 1001 };
  const more = { ...ACCOUNTS, mutableUsers: false, users: [ana, bo] };
  assert.deepEqual(await differences({}, more), [
    "the account bo is declared by what runs, and not by what was read",
    "users.mutableUsers: true was read, false runs",
  ]);
  // As many as nix.nrBuildUsers says, and none without Nix: nobody logs in as one.
  const builders = { ...ACCOUNTS, users: [...ACCOUNTS.users, { name: "nixbld1", uid: 30001 }] };
  assert.deepEqual(await differences({}, builders), []);
});

Deno.test("compareWithRunning() says when nothing can be compared", async () => {
  await withScratch({ "etc/": "" }, (folder) => {
    const ctx = testContext({ root: Deno.realPathSync(folder) });
    assert.deepEqual(compareWithRunning(ctx, READ, IDENTITY), {
      kind: "unknown",
      why: "there is no /nix/var/nix/profiles/system",
    });
    return Promise.resolve();
  });
});

Deno.test("compareWithRunning() finds another address in the scripts of what runs", async () => {
  const script = (name: string) =>
    `/nix/store/0000000000000000000000000000001a-unit-script-${name}`;
  const units: Identity = {
    ...IDENTITY,
    unit: {
      ...IDENTITY.unit,
      "network-addresses-eth0.service": { is: 1, text: `ExecStart=${script("eth0")}/start \n` },
      "network-setup.service": { is: 1, text: `ExecStart=${script("setup")}/start \n` },
    },
  };
  const read = (address: string, gateway: string) =>
    configurationFacts((facts) => {
      Object.assign(facts, structuredClone(READ));
      facts.network.interfaces = [{
        name: "eth0",
        useDHCP: null,
        ipv4: [{ address, prefixLength: 24 }],
        ipv6: [],
        ipv4Routes: [],
        ipv6Routes: [],
        macAddress: null,
        mtu: null,
        virtual: false,
      }];
      facts.network.defaultGateway = { address: gateway, interface: null, metric: null };
    });
  const system = SYSTEM.slice(1);
  const files = {
    ...Object.fromEntries(Object.entries(RUNS).map(([name, text]) => [`${system}/${name}`, text])),
    ...Object.fromEntries(
      Object.entries(units.unit!).map(([name, item]) => [
        `${system}/etc/systemd/system/${name}`,
        (item as { text: string }).text,
      ]),
    ),
    [`${script("eth0").slice(1)}/start`]:
      'if ! out=$(ip addr add "10.0.0.5/24" dev "eth0" 2>&1); then\n' +
      `echo "'ip addr add "10.0.0.5/24" dev "eth0"' failed: $out"\n`,
    [`${script("setup").slice(1)}/start`]:
      'ip -4 route replace default metric 5 via "10.0.0.1" proto static\n',
    "nix/store/0000000000000000000000000000000e-users-groups.json": JSON.stringify(ACCOUNTS),
    "nix/var/nix/profiles/system": { link: SYSTEM },
  };
  await withScratch(files, (folder) => {
    const ctx = testContext({ root: Deno.realPathSync(folder) });
    const compare = (address: string, gateway: string) => {
      const found = compareWithRunning(ctx, read(address, gateway), units);
      return found.kind === "other" ? found.differences.map(({ text }) => text) : found;
    };
    assert.deepEqual(compare("10.0.0.5", "10.0.0.1"), []);
    assert.deepEqual(compare("10.0.0.6", "10.0.0.1"), [
      "the addresses of eth0: 10.0.0.6/24 was read, 10.0.0.5/24 runs",
    ]);
    assert.deepEqual(compare("10.0.0.5", "10.0.0.2"), [
      "the default gateway: 10.0.0.2 was read, 10.0.0.1 runs",
    ]);
    return Promise.resolve();
  });
});
