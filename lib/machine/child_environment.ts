import { attempt } from "./attempt.ts";
import { foreignPart, isRootOrSelf } from "./files/file_trust.ts";
import { temporaryPlace } from "./files/temporary.ts";
import { KEPT_FOR_CHILDREN } from "./kept_variables.ts";

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

const FLAKES = "extra-experimental-features = nix-command flakes";

/**
 * The environment of child processes: a PATH and a TMPDIR of trusted folders, a fixed locale, no loader
 * or interpreter variables (only names of a fixed list pass), and flakes enabled for Nix.
 * @param env the caller's environment
 */
export function childEnvironment(
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.fromEntries(
    KEPT_FOR_CHILDREN.flatMap((name) => env[name] === undefined ? [] : [[name, env[name]]]),
  );
  return {
    ...kept,
    ...(env.TMPDIR === undefined ? {} : { TMPDIR: temporaryPlace(env.TMPDIR) }),
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

/** Whether only root or this user can change what a folder holds or which folder its path leads to. */
function isTrustedDirectory(directory: string): boolean {
  if (!directory.startsWith("/")) return false;
  const isOurs = () => foreignPart(directory, isRootOrSelf) === undefined;
  return attempt(() => isOurs() && Deno.statSync(directory).isDirectory) ?? false;
}
