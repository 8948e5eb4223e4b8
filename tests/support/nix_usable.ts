import { hasCommand } from "./has_command.ts";

/** Whether Nix is installed, and for whoever runs this. */
export const isNixUsable: boolean = hasCommand("nix") && hasCommand("nix-instantiate") &&
  mayUseStore();

/** Debian's Nix has a daemon for one group only: whoever may not look at its socket has no store. */
function mayUseStore(): boolean {
  try {
    Deno.lstatSync("/nix/var/nix/daemon-socket/socket");
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.PermissionDenied);
  }
}
