/** The environment variables that survive: which pass on to children, and which to the same tool as root. */

/** Proxies of Deno, curl and Nix; `no_proxy` is none. */
export const PROXY_VARIABLES: readonly string[] = bothCases(
  "http_proxy",
  "https_proxy",
  "all_proxy",
);

const EVERYWHERE = [
  ...PROXY_VARIABLES,
  ...bothCases("no_proxy"),
  "HYPERVISOR_ROOT",
  "NIX_PATH",
  "NIX_SSHOPTS",
  "NIX_SSL_CERT_FILE",
  "NO_COLOR",
  "SSH_AUTH_SOCK",
  "SSH_CONNECTION",
  "SSL_CERT_FILE",
];

/** What children may see of the caller's environment, besides what is set for them. */
export const KEPT_FOR_CHILDREN: readonly string[] = [
  ...EVERYWHERE,
  "COLORTERM",
  "CURL_CA_BUNDLE",
  "DBUS_SESSION_BUS_ADDRESS",
  "DISPLAY",
  "GIT_SSL_CAINFO",
  "HOME",
  "LOGNAME",
  "NIX_CONF_DIR",
  "NIX_DATA_DIR",
  "NIX_LOG_DIR",
  "NIX_REMOTE",
  "NIX_STATE_DIR",
  "NIX_STORE_DIR",
  "NIX_USER_CONF_FILES",
  "SSH_ASKPASS",
  "SSH_ASKPASS_REQUIRE",
  "SSL_CERT_DIR",
  "TERM",
  "TMPDIR",
  "TZ",
  "USER",
  "WAYLAND_DISPLAY",
  "XDG_CACHE_HOME",
  "XDG_RUNTIME_DIR",
];

/** What means something to a tool and would be dropped by sudo, in the order in which it is named. */
export const KEPT_FOR_ROOT: readonly string[] = [
  ...EVERYWHERE,
  "GITHUB_API_URL",
  "GITHUB_RAW_URL",
  "GITHUB_SERVER_URL",
  "GITHUB_TOKEN",
  "HYPERVISOR_DEADLINE",
  "HYPERVISOR_LOG_FORMAT",
  "HYPERVISOR_PLAIN",
  "HYPERVISOR_REPO",
  "HYPERVISOR_SOURCE",
  "HYPERVISOR_TIMEOUT",
  "NIX_CONFIG",
].sort();

function bothCases(...names: string[]): string[] {
  return names.flatMap((name) => [name, name.toUpperCase()]);
}
