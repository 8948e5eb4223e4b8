import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { DECIDES } from "./proof_extra_config.ts";
import { fails, type Verdict } from "./verdict.ts";

type Settings = ConfigurationFacts["ssh"]["otherSettings"];
type Value = Settings[string];

/** Settings that other proofs judge by what they say. */
const JUDGED = new Set([
  "AuthenticationMethods",
  "AuthorizedKeysFile",
  "ForceCommand",
  "AddressFamily",
]);

/** Settings that let somebody in who has nothing else: without them they are out. */
const LETS_IN = new RegExp(
  "^(authorizedkeyscommand(user)?|trustedusercakeys|authorizedprincipals\\w+|hostcertificate|" +
    "(gssapi|hostbased|kerberos)authentication)$",
  "i",
);

/** Algorithms that every client of today has, one of which is enough; by the setting, in lower case. */
const OF_TODAY: Readonly<Record<string, RegExp>> = {
  kexalgorithms: /^(curve25519-sha256(@libssh\.org)?|ecdh-sha2-nistp\d+)$/,
  ciphers: /^(chacha20-poly1305@openssh\.com|aes\d+-(gcm@openssh\.com|ctr))$/,
  macs: /^hmac-sha2-(256|512)(-etm@openssh\.com)?$/,
};

/** What sshd does by itself. */
const DEFAULTS: Settings = { StrictModes: "yes" };

/** The least that a number may be without shutting somebody out (sshd_config(5)); 0 is no limit of time. */
const AT_LEAST: Readonly<Record<string, number>> = {
  maxauthtries: 2,
  maxsessions: 1,
  maxstartups: 1,
};
const GRACE_SECONDS = 10;
/** sshd's own least size of RSA keys is 1024; smaller keys than this one are rare. */
const RSA_BITS = 2048;

/**
 * Whether the SSH server's other settings (`services.openssh.settings`) shut nobody out: those that can, and
 * that are not as they are now, are refused unless what they say is known to let everybody in.
 */
export function proveSshSettings({ before, after }: ProofQuestion): Verdict[] {
  const then = before?.ssh.otherSettings ?? {};
  const next = after.ssh.otherSettings;
  const isSame = (name: string) => {
    const [was, is] = [then[name] ?? DEFAULTS[name], next[name] ?? DEFAULTS[name]];
    return was !== undefined && is !== undefined && textOf(was) === textOf(is);
  };
  const fresh = Object.keys(next).find((name) =>
    DECIDES.test(name) && !JUDGED.has(name) && !isSame(name) && !isHarmless(name, next[name]!)
  );
  const lost = Object.keys(then).find((name) =>
    LETS_IN.test(name) && !/^(no|none)$/i.test(textOf(then[name]!)) && !isSame(name)
  );
  const what = "services.openssh.settings shuts nobody out";
  if (fresh !== undefined) {
    return [fails(
      "sshd",
      what,
      `it cannot be judged: ${fresh} would be ${textOf(next[fresh]!)}`,
      `services.openssh.settings without ${fresh}, or as in your present configuration`,
    )];
  }
  return lost === undefined ? [] : [fails(
    "sshd",
    what,
    `${lost}, which may let somebody in, would be gone or another`,
    `services.openssh.settings.${lost} = "${textOf(then[lost]!)}";`,
  )];
}

function isHarmless(name: string, value: Value): boolean {
  const keyword = name.toLowerCase();
  const text = textOf(value).trim();
  const number = Number(text.split(":")[0]);
  const least = AT_LEAST[keyword];
  if (least !== undefined) return number >= least;
  // More than the defaults: the others stay.
  if (/^(ciphers|macs|\w+algorithms|pubkeyacceptedkeytypes)$/.test(keyword) && /^[+^]/.test(text)) {
    return true;
  }
  const known = OF_TODAY[keyword];
  if (known !== undefined) return text.split(/[\s,]+/).some((one) => known.test(one));
  switch (keyword) {
    case "logingracetime":
      return /[mhd]/i.test(text) || number === 0 || parseInt(text) >= GRACE_SECONDS;
    case "requiredrsasize":
      return number <= RSA_BITS;
    case "permittty":
      return /^yes$/i.test(text);
    case "permitemptypasswords":
    case "hostcertificate":
    case "trustedusercakeys":
      return true;
    default:
      return /^(no|none)$/i.test(text) || LETS_IN.test(keyword) && /^yes$/i.test(text);
  }
}

/** As NixOS writes it: a list's words apart by commas. */
function textOf(value: Value): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(",") : String(value);
}
