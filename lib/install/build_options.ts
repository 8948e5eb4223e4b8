/**
 * Connections at a time, of Nix and of a sync: the reference's figures, with and without `--fast`. The
 * module has the same for the installed machine (nix/module/nix_settings.nix).
 */
export function connections(fast: boolean): number {
  return fast ? 25 : 5;
}

/**
 * Nix's settings for an installation's build; nix.conf(5). `--fast` uses every core and many
 * connections, and gives a cache that does not answer up sooner.
 */
export function buildSettings(fast: boolean): string[] {
  const ofFast = ["max-jobs = auto", "cores = 0", "connect-timeout = 5"];
  return [
    `http-connections = ${connections(fast)}`,
    ...(fast ? [...ofFast, "stalled-download-timeout = 30"] : []),
  ];
}
