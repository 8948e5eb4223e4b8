/** Match blocks decide as sshd decides, for the account and the connection in question. */
import { deepEqual, equal } from "node:assert/strict";
import { effectiveSsh } from "../../../lib/rebuild/access/effective_ssh.ts";
import { accountState, configurationFacts, rentedServerNow } from "../../support/facts.ts";

const ana = accountState({ name: "ana", groups: ["users", "wheel"] });

function effective(extraConfig: string) {
  const { ssh } = configurationFacts((facts) => {
    facts.ssh.extraConfig = extraConfig;
    facts.ssh.passwordAuthentication = false;
  });
  return effectiveSsh(ssh, ana, rentedServerNow());
}

const fitting = [
  "User ana",
  "User bob,an?",
  "User *,!bob",
  "Group wheel",
  "Address 198.51.100.0/24",
  "LocalPort 2222",
  "LocalAddress 203.0.113.42 User ana",
  "all",
];
const others = [
  "User bob",
  "User *,!ana",
  "Group admins",
  "Address 10.0.0.0/8,!198.51.100.0/24",
  "LocalPort 22",
  "User ana Address 10.0.0.0/8",
  "Host *.example.org",
];

Deno.test("effectiveSsh() applies the Match blocks that fit, and no others", () => {
  for (const criteria of fitting) {
    equal(
      effective(`Match ${criteria}\n  PasswordAuthentication yes`).passwordAuthentication,
      true,
    );
  }
  for (const criteria of others) {
    equal(
      effective(`Match ${criteria}\n PasswordAuthentication yes`).passwordAuthentication,
      false,
    );
  }
});

Deno.test("effectiveSsh() takes the first that is said, in blocks before what stands outside", () => {
  const both = "AllowUsers bob\nMatch User ana\nAllowUsers ana\nMatch all\nAllowUsers carl";
  deepEqual(effective(both).allowUsers, ["ana"]);
  deepEqual(effective("AllowUsers bob ana").allowUsers, ["bob", "ana"]);
  equal(
    effective("PasswordAuthentication yes").passwordAuthentication,
    false,
    "settings are first",
  );
});

Deno.test("effectiveSsh() knows other key files, and commands that take a shell's place", () => {
  const { authorizedKeysFiles, forcedCommand } = effective(
    "Match Group wheel\n  AuthorizedKeysFile /keys/%u\n  ForceCommand /bin/true now",
  );
  deepEqual(authorizedKeysFiles, ["/keys/%u"]);
  equal(forcedCommand, "/bin/true now");
  equal(effective("Match User bob\nForceCommand /bin/true").forcedCommand, undefined);
});
