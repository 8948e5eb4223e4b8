import { makeTemporaryDirectory } from "../../machine/files/temporary.ts";
import { statIfSeen } from "../../machine/files/files.ts";
import type { Context } from "../../machine/context.ts";

/** Where the Nix daemon listens (nix-daemon(8)). */
const DAEMON_SOCKET = "/nix/var/nix/daemon-socket/socket";

/** The environment under which a child of Nix has a store it can write to. */
export interface UsableStore extends Disposable {
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The machine's own store for root, for users of a daemon and for who named one in NIX_REMOTE.
 * Otherwise a store of its own in a temporary folder (`local?root=`, nix.conf(5)), removed when
 * disposed: evaluating a flake copies it to a store.
 */
export function temporaryStore(ctx: Context): UsableStore {
  const usable = Deno.uid() === 0 || ctx.run.env.NIX_REMOTE !== undefined ||
    statIfSeen(DAEMON_SOCKET) !== undefined;
  if (usable) return { env: {}, [Symbol.dispose]: () => {} };
  const folder = makeTemporaryDirectory(ctx, "hyper-nixos-store-");
  return {
    env: { NIX_REMOTE: `local?root=${folder}` },
    [Symbol.dispose]: () => {
      makeRemovable(folder);
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** Nix makes the folders of its store read-only, for their owner too. */
function makeRemovable(folder: string): void {
  Deno.chmodSync(folder, 0o700);
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) makeRemovable(`${folder}/${entry.name}`);
  }
}
