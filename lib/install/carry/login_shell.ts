const SYSTEM = "/run/current-system/sw/bin";

/**
 * The shell of an account on the new system. Paths of a generation in the store, or of another
 * distribution, would be gone: shells are named by the system profile.
 * @param shell the field of passwd(5); empty means /bin/sh
 * @returns with the NixOS module (`programs.<name>.enable`) that installs it, where it is not always
 *   there; not kept when the new system is not known to have it: bash takes its place
 */
export function carriedShell(
  shell: string,
): { readonly path: string; readonly program?: string; readonly kept: boolean } {
  const name = shell.slice(shell.lastIndexOf("/") + 1);
  if (name === "" || name === "sh") return { path: "/bin/sh", kept: true };
  if (name === "bash") return { path: `${SYSTEM}/bash`, kept: true };
  if (["zsh", "fish", "xonsh"].includes(name)) {
    return { path: `${SYSTEM}/${name}`, program: name, kept: true };
  }
  return { path: `${SYSTEM}/bash`, kept: false };
}
