import assert from "node:assert/strict";
import { readSshServerConfig } from "../../../lib/machine/accounts/ssh_server_config.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("readSshServerConfig() reads keywords in any case; the first value wins", async () => {
  await withScratch({
    "etc/ssh/sshd_config": [
      "# Port 1",
      "port 2222",
      "PORT=2223 # second",
      "Port 99999",
      "ListenAddress 192.0.2.1",
      "ListenAddress 192.0.2.1:22",
      "ListenAddress [2001:db8::1]:2022",
      "ListenAddress 2001:db8::2",
      'HostKey "/etc/ssh/my key"',
      "HostKey /etc/ssh/other",
      "permitrootlogin without-password",
      "PermitRootLogin yes",
      "PasswordAuthentication no",
      "ChallengeResponseAuthentication no",
      "UsePAM yes",
      "AuthorizedKeysFile %h/.ssh/authorized_keys /etc/ssh/authorized_keys.d/%u",
      "AuthorizedKeysFile none",
      "AllowUsers alice bob@192.0.2.*",
      "AllowUsers carol",
      "Match User alice",
      "  PubkeyAuthentication no",
      "Port 4444",
    ].join("\r\n"),
  }, (root) => {
    assert.deepEqual(readSshServerConfig(testContext({ root })), {
      ports: [2222, 2223],
      listenAddresses: [
        { address: "192.0.2.1", port: undefined },
        { address: "192.0.2.1", port: 22 },
        { address: "2001:db8::1", port: 2022 },
        { address: "2001:db8::2", port: undefined },
      ],
      hostKeys: ["/etc/ssh/my key", "/etc/ssh/other"],
      permitRootLogin: "prohibit-password",
      passwordAuthentication: false,
      kbdInteractiveAuthentication: false,
      pubkeyAuthentication: true,
      usePAM: true,
      authorizedKeysFiles: ["%h/.ssh/authorized_keys", "/etc/ssh/authorized_keys.d/%u"],
      allowUsers: ["alice", "bob@192.0.2.*", "carol"],
      denyUsers: [],
      allowGroups: [],
      denyGroups: [],
      ciphers: [],
      macs: [],
      kexAlgorithms: [],
      others: [],
      hasMatchBlocks: true,
    });
  });
});

Deno.test("readSshServerConfig() reads includes where they stand, and survives a circle", async () => {
  await withScratch({
    "etc/ssh/sshd_config": "Include sshd_config.d/*.conf\nPort 1\nPasswordAuthentication yes\n",
    "etc/ssh/sshd_config.d/10.conf": "PasswordAuthentication no\nMatch all\nPort 7\n",
    "etc/ssh/sshd_config.d/20.conf": "Include sshd_config.d/20.conf sshd_config.d/*\nPort 2\n",
    "etc/ssh/sshd_config.d/30.bak": "Port 3\n",
  }, (root) => {
    const found = readSshServerConfig(testContext({ root }));
    assert.equal(found?.passwordAuthentication, false);
    assert.deepEqual([...new Set(found?.ports)], [2, 1]);
    assert.equal(found?.hasMatchBlocks, true);
  });
});

Deno.test("readSshServerConfig() has sshd's defaults, and nothing without a file", async () => {
  await withScratch({ "etc/ssh/sshd_config": "\n" }, (root) => {
    const found = readSshServerConfig(testContext({ root }));
    assert.deepEqual(found?.ports, [22]);
    assert.equal(found?.permitRootLogin, "prohibit-password");
    assert.equal(found?.passwordAuthentication, true);
    assert.equal(found?.hasMatchBlocks, false);
  });
  await withScratch({}, (root) => {
    assert.equal(readSshServerConfig(testContext({ root })), undefined);
  });
});

Deno.test("readSshServerConfig() tells what it does not read, and not what NixOS writes for everyone", async () => {
  await withScratch({
    // Of NixOS 24.05 (nixos/modules/services/networking/ssh/sshd.nix), with five lines of an owner's.
    "etc/ssh/sshd_config": [
      "AuthorizedPrincipalsFile none",
      "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
      "GatewayPorts no",
      "KbdInteractiveAuthentication yes",
      "KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256",
      "LogLevel INFO",
      "Macs hmac-sha2-512-etm@openssh.com",
      "PasswordAuthentication yes",
      "PermitRootLogin prohibit-password",
      "PrintMotd no",
      "StrictModes yes",
      "TrustedUserCAKeys /etc/ssh/ca.pub",
      "UseDns no",
      "UsePAM yes",
      "X11Forwarding yes",
      "Banner none",
      "AddressFamily any",
      "Port 22",
      "Subsystem sftp /nix/store/0000000000000000000000000000000a-openssh-9.7p1/libexec/sftp-server ",
      "AuthorizedKeysFile %h/.ssh/authorized_keys /etc/ssh/authorized_keys.d/%u",
      "AuthorizedKeysCommand /etc/ssh/keys",
      "HostKey /etc/ssh/ssh_host_rsa_key",
      "authenticationmethods publickey,keyboard-interactive publickey",
      "AllowTcpForwarding=no",
    ].join("\n"),
  }, (root) => {
    const found = readSshServerConfig(testContext({ root }))!;
    assert.deepEqual(found.ciphers, ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"]);
    assert.deepEqual(found.macs, ["hmac-sha2-512-etm@openssh.com"]);
    assert.deepEqual(found.kexAlgorithms, [
      "sntrup761x25519-sha512@openssh.com",
      "curve25519-sha256",
    ]);
    assert.deepEqual(found.others, [
      "TrustedUserCAKeys /etc/ssh/ca.pub",
      "X11Forwarding yes",
      "AuthorizedKeysCommand /etc/ssh/keys",
      "authenticationmethods publickey,keyboard-interactive publickey",
      "AllowTcpForwarding no",
    ]);
  });
});
