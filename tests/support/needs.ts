/**
 * What this machine offers to tests. A test that needs more is skipped with `ignore`, and one line
 * names what is missing and which tests that costs.
 */
import { hasCommand } from "./has_command.ts";
import { isNixUsable } from "./nix_usable.ts";

export { hasCommand };

/** Real Nix: evaluation and builds. */
export const hasNix: boolean = need(
  isNixUsable,
  "nix is not installed, or not for you: tests that evaluate or build with it are skipped",
);

/** A real terminal. */
export const hasTmux: boolean = need(
  hasCommand("tmux"),
  "tmux is not installed: tests on a real terminal are skipped",
);

/** Files of several owners, other users' processes, mount namespaces. */
export const isRoot: boolean = need(
  Deno.uid() === 0,
  "not running as root: tests with other users' files and processes are skipped",
);

/** Processes of another user. */
export const hasSetpriv: boolean = isRoot && need(
  hasCommand("setpriv"),
  "setpriv is not installed: tests as another user are skipped",
);

/** A real SSH server and client. */
export const hasSshd: boolean = need(
  hasCommand("sshd") && hasCommand("ssh") && hasCommand("ssh-keygen"),
  "openssh-server is not installed: tests of other machines are skipped",
);

/** @returns `there`; without it, says what is skipped */
export function need(there: boolean, otherwise: string): boolean {
  if (!there) Deno.stderr.writeSync(new TextEncoder().encode(`SKIPPING: ${otherwise}\n`));
  return there;
}

/** A test that builds or evaluates with real Nix inside a machine: needs Nix and root. */
export function needsNix(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !hasNix || !isRoot, fn });
}
