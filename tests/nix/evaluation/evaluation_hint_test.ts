import { match } from "node:assert/strict";
import { evaluationHint } from "../../../lib/nix/evaluation/evaluation_hint.ts";

/** What Nix (2.8 to 2.35) and nixpkgs say, and a word of the step that helps. */
const SAID: readonly (readonly [error: string, helps: RegExp])[] = [
  [
    "error: repository path '/home/ann/nixos' is not owned by current user",
    /another user/,
  ],
  [
    "fatal: detected dubious ownership in repository at '/home/ann/nixos'\nerror: program 'git' failed",
    /another user/,
  ],
  [
    "error: file 'nixos-hardware' was not found in the Nix search path (add it using $NIX_PATH or -I)",
    /nix-channel --add/,
  ],
  ["error: The option `services.foo.bar' does not exist. Definition values:", /another name/],
  [
    "error: Path 'hosts/a.nix' in the repository \"/etc/nixos\" is not tracked by Git.\n\nTo make it",
    /git add/,
  ],
  [
    "error: source tree referenced by 'git+file:///etc/nixos' does not contain a '/flake.nix' file",
    /git add/,
  ],
  [
    "error: getting status of '/nix/store/0123-source/hosts/a.nix': No such file or directory",
    /git add/,
  ],
  ["error: path '«git+file:///etc/nixos»/hosts/a.nix' does not exist", /git add/],
  ["error: path '/etc/nixos/secrets.nix' does not exist", /put the file there/],
  ["error: opening file '/etc/nixos/x.nix': No such file or directory", /put the file there/],
  ["error: opening file '/etc/nixos/secrets.nix': Permission denied", /sudo/],
  ["error: reading directory '/root/config': Permission denied", /sudo/],
  [
    "error: unable to download 'https://api.github.com/repos/a/b/commits/HEAD': HTTP error 403\n\n" +
    '       response body:\n\n       {"message":"API rate limit exceeded for 192.0.2.1."}',
    /access-tokens/,
  ],
  ["error: unable to download 'https://api.github.com/repos/a/b': HTTP error 404", /private/],
  [
    "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    /keys \(ssh\)/,
  ],
  [
    "error: flake 'path:/etc/nixos' requires lock file changes but they're not allowed due to '--no-update-lock-file'",
    /nix flake lock/,
  ],
  [
    "error: NAR hash mismatch in input 'path:/etc/nixos/sub', expected 'sha256-A', got 'sha256-B'",
    /nix flake update/,
  ],
  ["error: path '/nix/store/wwa97i27j0xsl2lkg4k6zvhqgi4nsrq9-x.drv' is not valid", /import from/],
  [
    "error: cannot build '/nix/store/a-x.drv' during evaluation because the option 'allow-import-from-derivation' is disabled",
    /import from/,
  ],
  [
    "error: access to absolute path '/etc/nixos/x.nix' is forbidden in pure evaluation mode (use '--impure' to override)",
    /--no-impure/,
  ],
  [
    "error: cannot look up '<nixpkgs>' in pure evaluation mode (use '--impure' to override)",
    /--no-impure/,
  ],
  [
    "error: Package ‘steam-1.0’ in /nix/store/x/default.nix:1 has an unfree license (‘unfreeRedistributable’), refusing to evaluate.",
    /allowUnfree/,
  ],
  [
    "error: Package ‘openssl-1.1.1w’ in /nix/x.nix:1 is marked as insecure, refusing to evaluate.",
    /permittedInsecurePackages/,
  ],
  [
    "error: [json.exception.parse_error.101] parse error at line 4, column 3: syntax error while parsing object key",
    /jq/,
  ],
];

Deno.test("evaluationHint() names a step that helps, whichever Nix says what is wrong", () => {
  for (const [error, helps] of SAID) match(evaluationHint(error), helps, error);
});

Deno.test("evaluationHint() takes no name of an option or a user for what Nix says", () => {
  const usual = /^correct the configuration/;
  for (
    const error of [
      "error: The option `boot.readOnlyNixStore' has conflicting definition values:",
      "error: attribute 'readOnly' missing",
      "error: A definition for option `services.nfs.readonly' is not of type `boolean'.",
      "error: attribute 'rateLimit' missing",
      "error: undefined variable 'pkgs'",
      "error: infinite recursion encountered",
    ]
  ) match(evaluationHint(error), usual, error);
});
