/** A password is a way in only where the PAM stack takes it, and second factors stay what they are. */
import { deepEqual, equal, match } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import { askPam, pamRules } from "../../../lib/rebuild/access/pam_stack.ts";
import { consoleLogin, sshLogin } from "../../../lib/rebuild/access/logins.ts";
import { proveSecondFactors } from "../../../lib/rebuild/proofs/proof_second_factors.ts";
import { becomesRoot } from "../../../lib/rebuild/access/becoming_root.ts";
import { testContext } from "../../support/context.ts";
import {
  accountState,
  configurationFacts,
  KEY,
  question,
  rentedServerNow,
} from "../../support/facts.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";
import type { Change } from "../proofs/refused.ts";

const UNIX = `
# Account management.
account required pam_unix.so # unix (order 10900)
# Authentication management.
auth sufficient pam_unix.so likeauth try_first_pass # unix (order 11500)
auth required pam_deny.so # deny (order 12300)
`;
const DENY = `
account required pam_unix.so
auth required pam_deny.so # deny (order 12300)
session required pam_unix.so
`;
const STORE = "/nix/store/ksws874jcx19qqsacmp2dr5irs9jhhcn-google-authenticator-libpam-1.10";
const TOTP = `
account required pam_unix.so
auth optional pam_unix.so likeauth # unix-early (order 11500)
auth required ${STORE}/lib/security/pam_google_authenticator.so no_increment_hotp debug # x (order 12500)
auth sufficient pam_unix.so likeauth try_first_pass # unix (order 12800)
auth required pam_deny.so # deny (order 13600)
`;
/** The same after an update of nixpkgs. */
const TOTP_NEWER = TOTP.replace("no_increment_hotp debug", "debug no_increment_hotp").replace(
  "ksws874jcx19qqsacmp2dr5irs9jhhcn",
  "0000000000000000000000000000000a",
)
  .replace("order 12500", "order 12600");

const ana = accountState({ name: "ana", groups: ["users", "wheel"] });

/** A server with keyboard-interactive alone, as in many copied configurations. */
function server(sshd: string | undefined, change: Change = () => {}): ConfigurationFacts {
  return configurationFacts((facts) => {
    Object.assign(facts.ssh, { enable: true, passwordAuthentication: false });
    if (sshd !== undefined) facts.pam = { sshd, login: UNIX, su: UNIX, sudo: UNIX };
    change(facts);
  });
}

Deno.test("sshLogin() takes keyboard-interactive only where the PAM stack takes a password", () => {
  const now = rentedServerNow();
  equal(sshLogin(server(UNIX), ana, now).ok, true);
  equal(sshLogin(server(DENY), ana, now).ok, false);
  // Where no stack is known, NixOS's rule is: it follows PasswordAuthentication.
  equal(sshLogin(server(undefined), ana, now).ok, false);
  equal(sshLogin(server(undefined, (f) => f.ssh.passwordAuthentication = true), ana, now).ok, true);
});

Deno.test("sshLogin() takes a second factor where the stack asks for it now, in the same words", () => {
  const both: Change = (f) => {
    f.ssh.otherSettings.AuthenticationMethods = "publickey,keyboard-interactive";
    f.ssh.authorizedKeysFiles = ["/etc/ssh/authorized_keys.d/%u"];
  };
  const person = { ...ana, declaredKeys: [KEY] };
  const now = rentedServerNow({ pam: { sshd: TOTP } });
  const login = sshLogin(server(TOTP_NEWER, both), person, now);
  equal(login.ok, true);
  match(login.ok ? login.how : "", /a key and a password, and what pam_google_authenticator\.so/);
  const newly = sshLogin(server(TOTP, both), person, rentedServerNow({ pam: { sshd: UNIX } }));
  match(newly.ok ? "" : newly.obstacle.why, /pam_google_authenticator\.so .* is new/);
  // NixOS leaves the second factor out of a stack that takes no password.
  equal(sshLogin(server(DENY, both), person, now).ok, false);
});

Deno.test("sshLogin() takes no second factor of the console's for one that SSH asks for now", () => {
  const both: Change = (f) => f.ssh.kbdInteractiveAuthentication = true;
  const pam = { sshd: UNIX, login: TOTP };
  const newly = sshLogin(server(TOTP, both), ana, rentedServerNow({ pam }));
  match(newly.ok ? "" : newly.obstacle.why, /pam_google_authenticator\.so .* is new/);
  // It may be written down in a text that both include.
  const common = { sshd: "auth include common\naccount required pam_unix.so\n", common: TOTP };
  equal(sshLogin(server(TOTP, both), ana, rentedServerNow({ pam: common })).ok, true);
  equal(sshLogin(server(common.sshd, both), ana, rentedServerNow({ pam: common })).ok, true);
});

Deno.test("sshLogin() refuses a key whose account PAM refuses", () => {
  const facts = server("account required pam_access.so\n" + UNIX, (f) => {
    f.ssh.authorizedKeysFiles = ["/etc/ssh/authorized_keys.d/%u"];
  });
  const person = { ...ana, declaredKeys: [KEY] };
  equal(sshLogin(facts, person, rentedServerNow({ pam: { sshd: UNIX } })).ok, false);
  equal(sshLogin(facts, person, rentedServerNow({ pam: { sshd: facts.pam!.sshd! } })).ok, true);
});

Deno.test("consoleLogin() and becomesRoot() ask the stacks of login, sudo and su", () => {
  const now = rentedServerNow();
  equal(consoleLogin(ana, { login: UNIX }, now).ok, true);
  equal(consoleLogin(ana, { login: DENY }, now).ok, false);
  equal(consoleLogin({ ...ana, password: "empty" }, { login: UNIX }, now).ok, false);
  const becomes = (pam: Record<string, string>, root: "hash" | "none" = "none") => {
    const accounts = [accountState({ name: "root", uid: 0, password: root }), ana];
    return becomesRoot(server(UNIX, (f) => f.pam = pam), ana, accounts, now).ok;
  };
  equal(becomes({ sudo: UNIX, su: UNIX }), true);
  equal(becomes({ sudo: DENY, su: UNIX }), false);
  equal(becomes({ sudo: DENY, su: UNIX }, "hash"), true);
  equal(becomes({ sudo: DENY, su: "auth sufficient pam_rootok.so\n" + DENY }, "hash"), false);
});

Deno.test("proveSecondFactors() refuses to lose one of PAM or of AuthenticationMethods", () => {
  const now = { pam: { sshd: TOTP } };
  const methods = (text: string): Change => (f) => f.ssh.otherSettings.AuthenticationMethods = text;
  const lines = (text: string): Change => (f) => f.ssh.extraConfig = text;
  const lost = (before: ConfigurationFacts, after: ConfigurationFacts) =>
    proveSecondFactors(question(before, after, now)).map(({ remedy }) => remedy!.split(/[ ,]/)[0]);
  deepEqual(lost(server(TOTP), server(TOTP_NEWER)), []);
  deepEqual(lost(server(TOTP), server(UNIX)), ["security.pam.services.sshd"]);
  const two = "publickey,keyboard-interactive";
  const setting = "services.openssh.settings.AuthenticationMethods";
  deepEqual(lost(server(TOTP, methods(two)), server(TOTP, methods(two))), []);
  deepEqual(lost(server(TOTP, methods(two)), server(TOTP)), [setting]);
  deepEqual(lost(server(TOTP, methods(two)), server(TOTP, methods(`${two} publickey`))), [setting]);
  deepEqual(
    lost(server(TOTP, lines(`Match User ana\n  AuthenticationMethods ${two}`)), server(TOTP)),
    [setting],
  );
  deepEqual(lost(server(TOTP, methods("any")), server(TOTP)), []);
});

Deno.test("askPam() decides as Linux-PAM does", () => {
  const person = { password: "hash", groups: [] } as const;
  const ask = (...auth: string[]) => {
    const text = auth.map((line) => `auth ${line}\n`).join("") + "account required pam_permit.so";
    const answer = askPam({ x: text }, "x", person);
    return answer.kind === "out" ? "out" : answer.needs.map(({ module }) => module).join();
  };
  equal(ask("sufficient pam_unix.so", "required pam_deny.so"), "");
  equal(ask("required pam_deny.so", "sufficient pam_unix.so"), "out");
  equal(ask("required pam_wheel.so", "sufficient pam_unix.so"), "out");
  equal(ask("required pam_env.so"), "out");
  equal(ask("requisite pam_u2f.so", "sufficient pam_unix.so"), "pam_u2f.so");
  equal(ask("sufficient pam_u2f.so", "sufficient pam_unix.so", "required pam_deny.so"), "");
  equal(
    ask(
      "[success=1 default=ignore] pam_unix.so",
      "requisite pam_deny.so",
      "required pam_permit.so",
    ),
    "",
  );
  equal(ask("[success=ok default=die] pam_unix.so", "sufficient pam_permit.so"), "");
  equal(ask("optional pam_unix.so", "required pam_deny.so"), "out");
  equal(askPam({ x: "auth include y\naccount include y", y: UNIX }, "x", person).kind, "in");
  equal(askPam({}, "x", person).kind, "out");
  const bomb = "auth include x\n".repeat(100);
  equal(askPam({ x: bomb, y: UNIX }, "x", person).kind, "out");
  deepEqual(pamRules(`auth  required \\\n ${STORE}/lib/security/pam_x.so a=${STORE}/b # c`), [
    { type: "auth", control: "required", module: "pam_x.so", args: ["a=/b"] },
  ]);
});

Deno.test({
  name: "readConfiguration() reads the PAM stacks that NixOS makes, and the owner's in their place",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "configuration.nix": `{ lib, ... }: {
        services.openssh = { enable = true; settings.PasswordAuthentication = false; };
        security.pam.services.su.requireWheel = true;
        environment.etc."pam.d/login".source = lib.mkForce ./login;
      }`,
      login: "auth required pam_mine.so\n",
    }, async (folder) => {
      const configuration = `${folder}/configuration.nix`;
      const nixPath = `nixpkgs=${STAND_IN_NIXPKGS}`;
      const facts = await readConfiguration(testContext(), {
        kind: "channel",
        configuration,
        nixPath,
      });
      deepEqual(facts.unreadable, []);
      const modules = (name: string) =>
        pamRules(facts.pam?.[name] ?? "").filter(({ type }) => type === "auth")
          .map(({ module }) => module.replace(/^pam_|\.so$/g, ""));
      deepEqual(modules("sshd"), ["deny"]);
      deepEqual(modules("su"), ["rootok", "wheel", "faillock", "unix", "deny"]);
      deepEqual(modules("login"), ["mine"]);
      deepEqual(modules("doas"), []);
      const now = rentedServerNow();
      equal(sshLogin(facts, ana, now).ok, false, "keyboard-interactive is on, and no way in");
    }),
});
