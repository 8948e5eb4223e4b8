import type { Variable } from "./tool.ts";

/** The variables that every tool looks at. */
export const commonEnvironment: readonly Variable[] = [
  [["HYPERVISOR_ROOT"], "as --root"],
  [["HYPERVISOR_PLAIN"], "as --plain; TERM=dumb does the same"],
  [["NO_COLOR"], "as --no-color, unless it is empty"],
  [["HYPERVISOR_LOG_FORMAT"], '"json" makes the log file JSON Lines'],
  [["NIX_CONFIG"], "kept; the features nix-command and flakes are added"],
  [["PATH"], "only its folders that root alone can write are searched, then the system's"],
];

/** For tools that work on another machine. */
export const sshEnvironment: readonly Variable[] = [
  [["NIX_SSHOPTS"], "options for ssh(1), to reach another machine, as Nix takes them"],
  [["SSH_AUTH_SOCK"], "the agent that ssh asks for keys"],
];

/** For tools that sync: what is asked most often about GitHub's limits. */
export const tokenReminder = "GITHUB_TOKEN raises GitHub's limits. sudo drops it, unless it is\n" +
  "called as: sudo --preserve-env=GITHUB_TOKEN";

/** The variables of GitHub and of the way there, for tools that sync. */
export const syncEnvironment: readonly Variable[] = [
  [["HYPERVISOR_REPO"], "OWNER/NAME to sync from"],
  [
    ["GITHUB_TOKEN"],
    "a token (5,000 API calls an hour instead of 60), else ~/.config/github/token. sudo drops it " +
    "unless told to keep it: sudo --preserve-env=GITHUB_TOKEN",
  ],
  [["HYPERVISOR_TIMEOUT"], "seconds of silence after which a connection is given up (20)"],
  [["HYPERVISOR_DEADLINE"], "seconds after which a download as a whole is given up (1800)"],
  [
    ["GITHUB_API_URL", "GITHUB_RAW_URL", "GITHUB_SERVER_URL"],
    "another server, for example GitHub Enterprise",
  ],
  [["HTTPS_PROXY", "NO_PROXY"], "the proxy, and hosts that need none"],
  [["SSL_CERT_FILE", "NIX_SSL_CERT_FILE"], "certificates to trust"],
];
