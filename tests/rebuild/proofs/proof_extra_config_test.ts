import { deepEqual, equal, match } from "node:assert/strict";
import { proveExtraConfig } from "../../../lib/rebuild/proofs/proof_extra_config.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";

function judged(before: string | undefined, after: string) {
  const facts = (text: string) => rentedServerFacts(({ ssh }) => ssh.extraConfig = text);
  return proveExtraConfig(question(before === undefined ? undefined : facts(before), facts(after)));
}

Deno.test("proveExtraConfig() refuses a new line that can shut people out", () => {
  const lines = [
    "DenyUsers root",
    "  allowgroups\tadmins",
    "Match Address 10.0.0.0/8\n  PasswordAuthentication no",
    "Port=22",
    "AddressFamily inet6",
    "AuthorizedKeysCommand /run/keys",
    "AuthorizedPrincipalsFile none",
    "TrustedUserCAKeys /etc/ca",
    "StrictModes yes",
    "PermitTTY no",
    "MaxStartups 1",
    "LoginGraceTime 1",
    "Ciphers aes256-ctr",
    "KexAlgorithms sntrup761x25519-sha512",
    "MACs hmac-sha2-512",
    "PubkeyAcceptedAlgorithms ssh-rsa",
    "PubkeyAcceptedKeyTypes ssh-rsa",
    "CASignatureAlgorithms ssh-ed25519",
    "ForceCommand /bin/false",
    "Include /etc/ssh/more",
  ];
  for (const line of lines) {
    const [verdict, ...more] = judged("", line);
    deepEqual([verdict?.ok, more.length], [false, 0], line);
    match(verdict!.why, new RegExp(line.split("\n")[0]!.trim().split(/[\s=]/)[0]!), line);
  }
});

Deno.test("proveExtraConfig() has nothing to say of what decides about nobody", () => {
  for (
    const text of [
      "",
      "# DenyUsers root\n",
      "Banner /etc/issue",
      "PortForwarding no",
      "X11UseLocalhost no",
    ]
  ) {
    deepEqual(judged(undefined, text), [], text);
  }
});

Deno.test("proveExtraConfig() takes the text that is there now, not its lines in another order", () => {
  const text =
    "Match User a\nPasswordAuthentication yes\nMatch User b\nPasswordAuthentication no\n";
  deepEqual(judged(text, `\n# why\n${text}`).map(({ ok }) => ok), [true]);
  const swapped = text.replace("yes", "x").replace("no", "yes").replace("x", "no");
  equal(judged(text, swapped)[0]!.ok, false);
  equal(judged(undefined, text)[0]!.ok, false);
  const fewer = judged("Banner x\nDenyUsers a\n", "DenyUsers a\n");
  equal(fewer[0]!.ok, false, "a line above it is gone");
});
