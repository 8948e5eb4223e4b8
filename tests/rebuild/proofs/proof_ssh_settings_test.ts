import { deepEqual, equal } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { proveSshSettings } from "../../../lib/rebuild/proofs/proof_ssh_settings.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";

type Settings = ConfigurationFacts["ssh"]["otherSettings"];

function whys(before: Settings | undefined, after: Settings): string[] {
  const facts = (settings: Settings) =>
    rentedServerFacts(({ ssh }) => ssh.otherSettings = settings);
  return proveSshSettings(question(before && facts(before), facts(after))).map(({ why }) => why);
}

function said(value: Settings[string]): string {
  if (Array.isArray(value)) return value.join(",");
  return value === true ? "yes" : value === false ? "no" : String(value);
}

Deno.test("proveSshSettings() refuses a setting that can shut people out, and the same one in free text", () => {
  const shut: Settings = {
    MaxSessions: 0,
    MaxAuthTries: 1,
    PermitTTY: false,
    ChrootDirectory: "/var/empty",
    RefuseConnection: true,
    LoginGraceTime: 1,
    PubkeyAcceptedAlgorithms: ["ssh-ed25519"],
    RequiredRSASize: 4096,
    RevokedKeys: "/etc/revoked",
    HostKeyAlgorithms: "rsa-sha2-512",
    KexAlgorithms: ["sntrup761x25519-sha512@openssh.com"],
    Ciphers: "aes256-cbc",
    Macs: ["umac-128-etm@openssh.com"],
    ListenAddress: "10.0.0.1",
    // sshd does not tell capital letters from small ones, and NixOS passes both on.
    denyusers: "root",
    authenticationmethods: "password",
  };
  for (const [name, value] of Object.entries(shut)) {
    deepEqual(whys({}, { [name]: value }), [
      `it cannot be judged: ${name} would be ${said(value)}`,
    ]);
    equal(whys(undefined, { [name]: value }).length, 1, name);
    deepEqual(whys({ [name]: value }, { [name]: value }), [], `${name} as before`);
  }
});

Deno.test("proveSshSettings() lets a server be made stricter where nobody is shut out", () => {
  const settings: Settings = {
    X11Forwarding: false,
    MaxAuthTries: 2,
    MaxSessions: 2,
    MaxStartups: "10:30:60",
    LoginGraceTime: 30,
    ClientAliveInterval: 300,
    AllowTcpForwarding: "no",
    PermitEmptyPasswords: false,
    PermitTTY: true,
    ChrootDirectory: "none",
    GSSAPIAuthentication: false,
    TrustedUserCAKeys: "/etc/ssh/ca.pub",
    RequiredRSASize: 2048,
    KexAlgorithms: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
    Ciphers: ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"],
    Macs: ["hmac-sha2-512-etm@openssh.com"],
    PubkeyAcceptedAlgorithms: "+ssh-rsa",
    LogLevel: "VERBOSE",
    UseDns: false,
  };
  for (const [name, value] of Object.entries(settings)) {
    deepEqual(whys({}, { [name]: value }), [], name);
  }
  deepEqual(whys({}, { StrictModes: true }), []);
  equal(whys({ StrictModes: false }, { StrictModes: true }).length, 1);
  deepEqual(whys({ LoginGraceTime: "1" }, { LoginGraceTime: "2m" }), []);
});

Deno.test("proveSshSettings() keeps what lets people in who have no key of their own there", () => {
  for (const name of ["AuthorizedKeysCommand", "TrustedUserCAKeys", "AuthorizedPrincipalsFile"]) {
    deepEqual(whys({ [name]: "/etc/ssh/x" }, {}), [
      `${name}, which may let somebody in, would be gone or another`,
    ]);
    deepEqual(whys({ [name]: "none" }, {}), []);
  }
  equal(whys({ GSSAPIAuthentication: true }, { GSSAPIAuthentication: false }).length, 1);
  equal(whys({ TrustedUserCAKeys: "/etc/a" }, { TrustedUserCAKeys: "/etc/b" }).length, 1);
  deepEqual(whys({ MaxSessions: 2, Ciphers: "aes256-cbc" }, {}), []);
});
