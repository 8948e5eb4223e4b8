import assert from "node:assert/strict";
import { carryRunningSsh, carrySsh } from "../../../lib/install/carry/carry_ssh.ts";
import { optionPath, type Setting } from "../../../lib/install/carry/setting.ts";
import { readSshServerConfig } from "../../../lib/machine/accounts/ssh_server_config.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

function carried(settings: readonly Setting[]): Record<string, unknown> {
  const members = settings.map((one) => [optionPath(one), one.value] as const);
  return JSON.parse(JSON.stringify(Object.fromEntries(members)));
}

Deno.test("carrySsh() lets in the same people by the same door", () => {
  const facts = configurationFacts(({ ssh }) => {
    Object.assign(ssh, {
      enable: true,
      startWhenNeeded: true,
      ports: [2222, 22],
      openFirewall: false,
      listenAddresses: [{ addr: "[2001:db8::1]", port: 22 }],
      hostKeys: [{ type: "rsa", path: "/persist/etc/ssh/key", bits: 4096 }],
      authorizedKeysFiles: ["%h/.ssh/authorized_keys", "/etc/ssh/keys/%u"],
      permitRootLogin: "forced-commands-only",
      passwordAuthentication: false,
      kbdInteractiveAuthentication: false,
      pubkeyAuthentication: true,
      usePAM: false,
      allowUsers: ["anna@192.0.2.*"],
      denyGroups: ["guests"],
      otherSettings: {
        GatewayPorts: "clientspecified",
        LogLevel: "VERBOSE",
        Ciphers: ["blowfish-cbc", "aes256-ctr"],
        Macs: ["hmac-ripemd160"],
        KexAlgorithms: ["diffie-hellman-group1-sha1"],
        AllowTcpForwarding: false,
      },
      extraConfig: "Match User backup\n  ForceCommand internal-sftp\n",
    });
  });
  const found = carried(carrySsh(facts));
  const settings = "services.openssh.settings";
  assert.deepEqual(found, {
    "services.openssh.enable": true,
    "services.openssh.startWhenNeeded": true,
    "services.openssh.ports": [2222, 22],
    "services.openssh.openFirewall": false,
    "services.openssh.listenAddresses": [{ addr: "[2001:db8::1]", port: 22 }],
    "services.openssh.hostKeys": [{ type: "rsa", path: "/persist/etc/ssh/key", bits: 4096 }],
    "services.openssh.authorizedKeysFiles": ["%h/.ssh/authorized_keys", "/etc/ssh/keys/%u"],
    [`${settings}.PermitRootLogin`]: "forced-commands-only",
    [`${settings}.PasswordAuthentication`]: false,
    [`${settings}.KbdInteractiveAuthentication`]: false,
    [`${settings}.UsePAM`]: false,
    [`${settings}.AllowUsers`]: ["anna@192.0.2.*"],
    [`${settings}.DenyGroups`]: ["guests"],
    [`${settings}.GatewayPorts`]: "clientspecified",
    [`${settings}.LogLevel`]: "VERBOSE",
    // What OpenSSH has given up keeps a newer server from starting; what is old and still there lets old
    // clients in.
    [`${settings}.Ciphers`]: ["aes256-ctr"],
    [`${settings}.KexAlgorithms`]: ["diffie-hellman-group1-sha1"],
    [`${settings}.AllowTcpForwarding`]: false,
    "services.openssh.extraConfig": "Match User backup\n  ForceCommand internal-sftp\n",
  });
  const off = configurationFacts(({ ssh }) => {
    ssh.enable = false;
  });
  assert.deepEqual(carried(carrySsh(off)), { "services.openssh.enable": false });
});

Deno.test("carryRunningSsh() says what the running server's file says, and nothing without one", async () => {
  assert.deepEqual(carryRunningSsh(undefined), []);
  await withScratch({
    "etc/ssh/sshd_config": [
      "Port 2222",
      "ListenAddress [2001:db8::1]:22",
      "ListenAddress 2001:db8::2",
      "ListenAddress 192.0.2.1:2022",
      "HostKey /etc/ssh/ssh_host_ed25519_key",
      "HostKey /etc/ssh/ssh_host_ecdsa_key",
      "HostKey /persist/host.key",
      "PermitRootLogin without-password",
      "PasswordAuthentication no",
      "PubkeyAuthentication yes",
      "AllowGroups wheel",
      "Ciphers aes256-ctr,arcfour256",
      "MACs hmac-sha1",
      "UsePAM yes",
    ].join("\r\n"),
  }, (root) => {
    const found = carried(carryRunningSsh(readSshServerConfig(testContext({ root }))));
    assert.deepEqual(found["services.openssh.ports"], [2222]);
    assert.deepEqual(found["services.openssh.listenAddresses"], [
      { addr: "[2001:db8::1]", port: 22 },
      { addr: "2001:db8::2" },
      { addr: "192.0.2.1", port: 2022 },
    ]);
    assert.deepEqual(found["services.openssh.hostKeys"], [
      { type: "ed25519", path: "/etc/ssh/ssh_host_ed25519_key" },
      { type: "ecdsa", path: "/etc/ssh/ssh_host_ecdsa_key" },
      { type: "ed25519", path: "/persist/host.key" },
    ]);
    assert.equal(found["services.openssh.settings.PermitRootLogin"], "prohibit-password");
    assert.equal(found["services.openssh.settings.PasswordAuthentication"], false);
    assert.deepEqual(found["services.openssh.settings.AllowGroups"], ["wheel"]);
    assert.equal(found["services.openssh.settings.PubkeyAuthentication"], undefined);
    assert.deepEqual(found["services.openssh.settings.Ciphers"], ["aes256-ctr"]);
    assert.deepEqual(found["services.openssh.settings.Macs"], ["hmac-sha1"]);
    assert.equal(found["services.openssh.settings.KexAlgorithms"], undefined);
  });
});
