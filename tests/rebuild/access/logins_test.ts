/** Odd keys, accounts and servers: what looks like a way in and is none, and the other way round. */
import { deepEqual, equal } from "node:assert/strict";
import type { AccountState } from "../../../lib/rebuild/proofs/machine_now.ts";
import { consoleLogin, sshLogin } from "../../../lib/rebuild/access/logins.ts";
import { becomesRoot } from "../../../lib/rebuild/access/becoming_root.ts";
import { accountState, KEY, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";
import type { Change } from "../proofs/refused.ts";

function getsIn(keys: string[], change: Change = () => {}, account: Partial<AccountState> = {}) {
  const ana = accountState({ name: "ana", password: "none", declaredKeys: keys, ...account });
  const facts = rentedServerFacts((f) => {
    f.ssh.authorizedKeysFiles = ["/etc/ssh/authorized_keys.d/%u"];
    change(f);
  });
  return sshLogin(facts, ana, rentedServerNow()).ok;
}

Deno.test("sshLogin() reads the options of a key as sshd does", () => {
  const lines: readonly (readonly [options: string, opens: boolean])[] = [
    ["", true],
    ['expiry-time="20200101" ', false],
    ['expiry-time="202001010000Z",no-X11-forwarding ', false],
    ['expiry-time="29990101" ', true],
    ["restrict ", false],
    ["restrict,pty ", true],
    ["no-agent-forwarding,no-X11-forwarding ", true],
    ['from="10.0.0.0/8" ', false],
    ['from="!198.51.100.7,198.51.100.*" ', false],
    ['from="198.51.100.0/24" ', true],
    ['cert-authority,principals="ana" ', false],
    ['command="/bin/true" ', false],
  ];
  for (const [options, opens] of lines) equal(getsIn([`${options}${KEY}`]), opens, options);
});

Deno.test("sshLogin() counts keys where two are demanded", () => {
  const two: Change = (f) => f.ssh.otherSettings.AuthenticationMethods = "publickey,publickey";
  equal(getsIn([KEY], two), false);
  equal(getsIn([KEY, `from="198.51.100.7" ${KEY}`], two), false, "the same key again");
  equal(getsIn([KEY, KEY.replace("IGsW", "IHsW")], two), true);
});

Deno.test("sshLogin() refuses a locked account without PAM, and one that has expired", () => {
  const noPam: Change = (f) => f.ssh.usePAM = false;
  equal(getsIn([KEY], noPam), false);
  equal(getsIn([KEY], noPam, { password: "hash" }), true);
  equal(getsIn([KEY], () => {}, { expired: true }), false);
  equal(
    consoleLogin(accountState({ name: "ana", expired: true }), undefined, rentedServerNow()).ok,
    false,
  );
});

Deno.test("sshLogin() judges by the Match block that fits", () => {
  const password = { password: "hash" } as const;
  const match = (text: string): Change => (f) => f.ssh.extraConfig = text;
  const without = (text: string): Change => (f) => {
    match(text)(f);
    f.ssh.usePAM = false;
  };
  equal(getsIn([], without("Match User ana\nPasswordAuthentication yes"), password), true);
  // NixOS takes passwords out of the PAM stack, and the block does not bring them back.
  equal(getsIn([], match("Match User ana\nPasswordAuthentication yes"), password), false);
  equal(getsIn([], match("Match User bob\nPasswordAuthentication yes"), password), false);
  equal(getsIn([KEY], match("Match User ana\nForceCommand internal-sftp")), false);
  equal(getsIn([KEY], match("Match Address 198.51.100.0/24\nDenyUsers ana")), false);
});

Deno.test("becomesRoot() knows whose password sudo asks for", () => {
  const accounts = (root: AccountState["password"]) => [
    accountState({ name: "root", uid: 0, password: root }),
    accountState({ name: "ana", groups: ["wheel"] }),
  ];
  const how = (defaults: string, root: AccountState["password"]) => {
    const facts = rentedServerFacts((f) => {
      f.sudo = { ...f.sudo, enable: true, wheelNeedsPassword: true, extraConfig: defaults };
    });
    return becomesRoot(facts, accounts(root)[1]!, accounts(root), rentedServerNow()).ok;
  };
  deepEqual(
    [how("", "none"), how("Defaults rootpw", "none"), how("Defaults !rootpw", "none")],
    [true, false, true],
  );
  equal(how("Defaults insults, targetpw", "hash"), true);
});
