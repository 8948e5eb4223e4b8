/** Folders that belong to the system, in the order NixOS uses; other distributions' come last. */
const SYSTEM_PATH = [
  "/run/wrappers/bin",
  "/run/current-system/sw/bin",
  "/nix/var/nix/profiles/default/bin",
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
];

/** What children may see of the caller's environment, besides what is set here. */
const KEPT = [
  "COLORTERM",
  "CURL_CA_BUNDLE",
  "DBUS_SESSION_BUS_ADDRESS",
  "HOME",
  "HYPERVISOR_ROOT",
  "LOGNAME",
  "NIX_CONF_DIR",
  "NIX_DATA_DIR",
  "NIX_LOG_DIR",
  "NIX_PATH",
  "NIX_REMOTE",
  "NIX_SSL_CERT_FILE",
  "NIX_STATE_DIR",
  "NIX_STORE_DIR",
  "NIX_USER_CONF_FILES",
  "NO_COLOR",
  "SSH_AUTH_SOCK",
  "SSH_CONNECTION",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
  "GIT_SSL_CAINFO",
  "TERM",
  "TMPDIR",
  "TZ",
  "USER",
  "XDG_CACHE_HOME",
  "XDG_RUNTIME_DIR",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
];

const FLAKES = "extra-experimental-features = nix-command flakes";

/**
 * The environment of child processes: a PATH of trusted folders, a fixed locale, no loader or
 * interpreter variables (only names of a fixed list pass), and flakes enabled for Nix.
 * @param env the caller's environment
 */
export function childEnvironment(
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.fromEntries(
    KEPT.flatMap((name) => env[name] === undefined ? [] : [[name, env[name]]]),
  );
  return {
    ...kept,
    PATH: trustedPath(env.PATH ?? "", env.HOME).join(":"),
    LC_ALL: "C.UTF-8",
    NIX_CONFIG: nixConfig(env.NIX_CONFIG),
  };
}

/** Keeps what the user set and adds the features; a plain `experimental-features` would replace them. */
export function nixConfig(userConfig: string | undefined): string {
  return userConfig?.trim() ? `${userConfig.trimEnd()}\n${FLAKES}` : FLAKES;
}

/**
 * The folders children search for commands: those of the caller that only root (or the caller)
 * can have written, then the system's own.
 */
export function trustedPath(path: string, home: string | undefined): string[] {
  const profiles = home === undefined ? [] : [`${home}/.nix-profile/bin`];
  const candidates = [...path.split(":"), ...profiles].filter(isTrustedDirectory);
  return [...new Set([...candidates, ...SYSTEM_PATH])];
}

/** Linux gives up after 40 links (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * Whether only root or this user can change what a folder holds or which folder its path leads to:
 * every folder and link on the way belongs to one of them, and others may write to none (a sticky
 * folder such as /tmp may be on the way). A profile of another user leads into the store, which is
 * root's, but that user decides where to.
 */
function isTrustedDirectory(directory: string): boolean {
  if (!directory.startsWith("/")) return false;
  const pending = directory.split("/");
  let path = "";
  try {
    for (let links = 0; pending.length > 0;) {
      const name = pending.shift()!;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        path = path.slice(0, Math.max(0, path.lastIndexOf("/")));
        continue;
      }
      const info = Deno.lstatSync(`${path}/${name}`);
      if (info.uid !== 0 && info.uid !== Deno.uid()) return false;
      if (info.isSymlink) {
        if (++links > MAX_LINKS) return false;
        const target = Deno.readLinkSync(`${path}/${name}`);
        if (target.startsWith("/")) path = "";
        pending.unshift(...target.split("/"));
        continue;
      }
      const mode = info.mode ?? 0;
      // /nix/store is root:nixbld 1775: members of nixbld are Nix's own builders.
      if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) return false;
      path = `${path}/${name}`;
    }
    const last = Deno.lstatSync(path || "/");
    return last.isDirectory && ((last.mode ?? 0) & 0o022) === 0;
  } catch {
    return false;
  }
}
