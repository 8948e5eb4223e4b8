/**
 * A Nix store and state of its own, for tests that must not leave anything in the machine's, or that
 * do not run as root. Inside a scratch machine (launch.ts) that machine's own store is used anyway.
 */
import { OFFLINE_NIX_CONFIG } from "./context.ts";

export interface PrivateStore extends Disposable {
  /** For every Nix command that shall use it; store paths begin with `folder`/store. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

export function privateStore(): PrivateStore {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "nix-store-" }));
  return {
    env: {
      NIX_CONFIG: OFFLINE_NIX_CONFIG,
      NIX_REMOTE: "local",
      NIX_STORE_DIR: `${folder}/store`,
      NIX_STATE_DIR: `${folder}/state`,
      NIX_LOG_DIR: `${folder}/log`,
      NIX_CONF_DIR: `${folder}/conf`,
    },
    folder,
    [Symbol.dispose]: () => {
      makeWritable(folder);
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** Store paths are read-only, which stops who is not root from removing them. */
function makeWritable(path: string): void {
  if (!Deno.lstatSync(path).isDirectory) return;
  Deno.chmodSync(path, 0o755);
  for (const entry of Deno.readDirSync(path)) makeWritable(`${path}/${entry.name}`);
}
