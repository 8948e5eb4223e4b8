/** What Nix's last error says, and what a person can do then; the first that fits counts. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /is not owned by current user|dubious ownership/,
    "the checkout belongs to another user: run this from that user's account with sudo",
  ],
  [
    // The excerpt shows the head of an encrypted file.
    /^\s*\d+\|\s+\0?GITCRYPT\b/m,
    "git-crypt has that file locked: git-crypt unlock, in the checkout, as its owner",
  ],
  [
    /was not found in the Nix search path/,
    "it is a channel that root lacks, or an entry that NIX_PATH lacks: add it as root with " +
    "nix-channel --add, then nix-channel --update",
  ],
  [
    /\bThe option [`'].*' does not exist/,
    "the option has another name in this release of NixOS, or the module that declares it is not " +
    "imported; what holds several hosts (hive.nix, what nixos-rebuild --file takes) is no " +
    "configuration: name one host's file",
  ],
  [
    /is not tracked by Git|does not contain a '\/?flake\.nix'/i,
    "Nix sees only files that git tracks: git add what is missing",
  ],
  [
    /rate limit/i,
    "GitHub allows 60 calls an hour without a token: wait, or set access-tokens in nix.conf",
  ],
  [
    // A server says 404 of what it does not show.
    /HTTP error 40[134]\b|Permission denied \(publickey|could not read Username|Could not read from remote repository/i,
    "what it names is private, or gone: Nix fetches it as the user who runs this, with access-tokens " +
    "of nix.conf (https) or that user's keys (ssh)",
  ],
  [
    // Releases before 2.19 say "getting status of". A path in the store is a copy of the checkout.
    /(?:getting status of|opening file|path) '(?:\/nix\/store\/[^']*-source\b|«)[^']*'?.*(?:No such file|does not exist)/i,
    "Nix sees only files that git tracks, and of submodules none without ?submodules=1 in the " +
    "flake's URL: git add what is missing",
  ],
  [
    /(?:getting status of|opening file|path) '\/[^']*'.*(?:No such file|does not exist)/i,
    "put the file there (git submodule update --init where a submodule has it), or take its name " +
    "out of what imports it",
  ],
  [
    /json\.exception\.parse_error/,
    "a file of JSON that it reads (hosts.json, flake.lock) is none: jq . FILE says where",
  ],
  [
    /requires lock file changes|lock file .* (?:out of date|not up to date)/i,
    "the flake's lock file is not complete: run nix flake lock in its folder, as its owner",
  ],
  [
    // The derivation is not written where only is evaluated.
    /path '\/nix\/store\/[^']*\.drv' (?:is not valid|does not exist)|import-from-derivation/,
    "it builds something while it is evaluated (import from derivation): build it once first",
  ],
  [
    /(?:opening|reading|getting status of) .*Permission denied|cannot open .*Permission denied/i,
    "whoever runs this may not read that: run it with sudo, or make it readable",
  ],
  [
    /(?:forbidden|look up '.*') in (?:pure|restricted)/,
    "it reads what a pure evaluation must not see: leave out --no-impure, or what reads it",
  ],
  [
    /has an? .*license .*refusing to evaluate|is (?:marked as (?:insecure|broken)|not available on)/,
    "allow it in the configuration (nixpkgs.config.allowUnfree, permittedInsecurePackages), or " +
    "leave the package out",
  ],
  [
    /NAR hash mismatch/,
    "an input has another content than its lock file says: nix flake update, in the flake's folder",
  ],
];

/**
 * The next step after a failed evaluation.
 * @param error Nix's last error
 */
export function evaluationHint(error: string): string {
  return HINTS.find(([said]) => said.test(error))?.[1] ??
    "correct the configuration; to see the whole trace, evaluate it with --show-trace";
}
