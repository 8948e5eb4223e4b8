/** What an owner wrote into his configuration is shown in plans, without its secrets. */
import { deepEqual, equal } from "node:assert/strict";
import { hideSecrets } from "../../lib/layout/hidden_secrets.ts";

Deno.test("hideSecrets() hides the value of every name that says it is a secret", () => {
  for (
    const line of [
      'Environment="API_TOKEN=hunter2secret"',
      'Environment="DB_PASSWORD=hunter2secret"',
      "psk=hunter2secret",
      '  psk="hunter2secret"',
      'networking.wireless.networks.home.psk = "hunter2secret";',
      "PrivateKey=hunter2secret=",
      "PrivateKey=/hunter2secret=",
      "PresharedKey = hunter2secret",
      '{"user":"me","password":"hunter2secret"}',
      "access-tokens = github.com=hunter2secret",
      "<password>hunter2secret</password>",
      "ExecStart=/bin/agent --token hunter2secret --verbose",
      "ExecStart=/bin/agent --api-key=hunter2secret",
      "secret_key_base: hunter2secret",
      "wpa_passphrase=hunter2secret",
      "machine example.org login me password hunter2secret",
      "Authorization: Bearer hunter2secret",
      'extraConfig = "rpcpassword=hunter2secret"',
      "https_proxy=http://me:hunter2secret@proxy.example.org:8080",
      "root:$6$8m6ZTkBpuOyX3Qzr$hunter2secret:1::::::",
      "ghp_hunter2secret0123456789",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2secret\n-----END OPENSSH PRIVATE KEY-----",
    ]
  ) equal(hideSecrets(line).includes("hunter2secret"), false, hideSecrets(line));
});

Deno.test("hideSecrets() shows what decides who gets in, and where a secret is kept", () => {
  for (
    const line of [
      "PasswordAuthentication yes",
      "auth sufficient pam_unix.so likeauth try_first_pass",
      "password sufficient pam_unix.so nullok yescrypt",
      "passwd: files systemd",
      "wheelNeedsPassword = false;",
      "hashedPasswordFile = /run/secrets-for-users/ana",
      "PASSWORD_FILE=/run/secrets/db",
      'EnvironmentFile="/run/secrets/token"',
      "token = /run/keys/token",
      "psk=@PSK_HOME@",
      "/dev/disk/by-uuid/5f6a / ext4 x-initrd.mount 0 1",
      "cryptroot /dev/sda2 /crypto_keyfile.bin luks",
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ana@laptop",
      "ExecStart=/bin/agent --token-file /run/secrets/token",
    ]
  ) equal(hideSecrets(line), line);
});

Deno.test("hideSecrets() leaves the other lines of a text alone", () => {
  deepEqual(hideSecrets("a=1\npassword=x1\nb=2").split("\n"), [
    "a=1",
    "password=(not shown)",
    "b=2",
  ]);
});
