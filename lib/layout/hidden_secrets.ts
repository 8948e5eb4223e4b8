import { withoutSecrets } from "./public_url.ts";

/** What takes the place of a secret. */
const HIDDEN = "(not shown)";

/** What a name ends in whose value is a secret: `DB_PASSWORD`, `PresharedKey`, `access-tokens`. */
const NAMED = String
  .raw`(?:pass(?:word|wd|phrase|code)?|psk|pin|secret|token|credential|bearer|(?:api|private|pre-?shared|secret|access|auth|encryption|signing|account|master|wep)[_-]?key|secret_?key_?base)s?\d*`;

/** `NAME=VALUE`, `"name": "value"`, `<name>value`, `--name value`: the head, and all that follows it. */
const ASSIGNED = new RegExp(
  String
    .raw`(?<![A-Za-z])([\w.-]*${NAMED}["'\x60]?\s*(?:[:=]+>?|(?<=<[\w.-]*)>)\s*|--[\w-]*${NAMED}\s+)(?=[^\s;,)}\]])(.*)`,
  "i",
);

/** A value that says where the secret is, or that there is none. */
const REFERENCE = new RegExp(
  String
    .raw`^["']?(?:/(?:run|var|etc|nix|home|root|persist|mnt|secrets|keys|dev|srv|opt)/|@\w+@|\$\{?[A-Z_]{2,}\b|%d/|<|file:)|` +
    // Words of sshd, PAM and nsswitch.conf(5).
    String
      .raw`^["']?(?:null|true|false|yes|no|required|requisite|sufficient|include|substack|files|compat|systemd|ldap|sss)\b`,
);

/** Secrets that are known by their shape: crypt(5), tokens of well-known services, HTTP and LDAP. */
const SHAPES: readonly RegExp[] = [
  /\$[0-9a-z]{1,8}\$[./A-Za-z0-9$,=+-]{8,}/g,
  /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|AKIA|sk-|hf_|tskey-|dckr_pat_)[\w-]{8,}/g,
  /(?<=\b(?:bearer|basic)\s+)[\w+/.=-]{8,}/gi,
  /\{S?SHA(?:256|384|512)?\}[\w+/=]{8,}/g,
  // netrc(5)
  /(?<=\blogin\s+\S+\s+password\s+)\S+/g,
];

const PRIVATE_KEY =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/**
 * A text that somebody wrote into a configuration (a file of /etc, a unit, a definition), without what may
 * be a secret: values whose name says so, password hashes, tokens known by their shape, private keys, user
 * info of URLs. Where in doubt a value is hidden: what is compared is compared before. Pure.
 */
export function hideSecrets(text: string): string {
  return withoutSecrets(text.replace(PRIVATE_KEY, HIDDEN)).split("\n").map(hideInLine).join("\n");
}

function hideInLine(line: string): string {
  const shaped = SHAPES.reduce((rest, shape) => rest.replace(shape, HIDDEN), line);
  return shaped.replace(
    ASSIGNED,
    (all, head: string, value: string) => REFERENCE.test(value) ? all : `${head}${HIDDEN}`,
  );
}
