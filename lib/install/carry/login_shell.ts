/** A login shell as NixOS names it. */
export interface CarriedShell {
  readonly path: string;
  /** The NixOS module (`programs.<name>.enable`) that installs it; undefined for what is always there. */
  readonly program: "zsh" | "fish" | "xonsh" | undefined;
  /** False when the shell is not one that the new system is known to have: bash takes its place. */
  readonly kept: boolean;
}

const SYSTEM = "/run/current-system/sw/bin";

/**
 * The shell of an account on the new system. Paths of a generation in the store, or of another
 * distribution, would be gone: shells are named by the system profile.
 * @param shell the field of passwd(5); empty means /bin/sh
 */
export function carriedShell(shell: string): CarriedShell {
  const name = shell.slice(shell.lastIndexOf("/") + 1);
  switch (name) {
    case "":
    case "sh":
      return { path: "/bin/sh", program: undefined, kept: true };
    case "bash":
      return { path: `${SYSTEM}/bash`, program: undefined, kept: true };
    case "zsh":
    case "fish":
    case "xonsh":
      return { path: `${SYSTEM}/${name}`, program: name, kept: true };
    default:
      return { path: `${SYSTEM}/bash`, program: undefined, kept: false };
  }
}
