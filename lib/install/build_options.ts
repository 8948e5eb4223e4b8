/** HTTP connections of Nix: the reference's figures, with and without `--fast`. */
const FAST_CONNECTIONS = 25;
const STANDARD_CONNECTIONS = 5;

/**
 * Nix's options for an installation's build; nix.conf(5). `--fast` uses every core and many
 * connections, and gives a cache that does not answer up sooner.
 */
export function buildOptions(fast: boolean): string[] {
  if (!fast) return ["--option", "http-connections", String(STANDARD_CONNECTIONS)];
  return [
    ...["--max-jobs", "auto", "--cores", "0"],
    ...["--option", "http-connections", String(FAST_CONNECTIONS)],
    ...["--option", "connect-timeout", "5", "--option", "stalled-download-timeout", "30"],
  ];
}
