import { readTextIfExists } from "../../machine/files/files.ts";
import type { Context } from "../../machine/context.ts";
import { type BinaryCache, cacheUrl } from "./binary_cache.ts";
import { type Derivation, parseDerivation } from "./derivation.ts";
import { parseDryRun } from "./dry_run.ts";
import { makingOf } from "./making.ts";
import { storeHash, storeName } from "./store_path.ts";

/** What making a system takes besides what the store of its machine holds. */
export interface Supply {
  /** The store path of the system's derivation. */
  readonly derivation: string;
  /** How many derivations are made on the machine itself. */
  readonly made: number;
  /** What comes from the stick's cache; bytes are unpacked. */
  readonly carried: { readonly paths: number; readonly bytes: number };
  /** Names of what caches on the network give, and the bytes of it, unpacked. */
  readonly fetched: { readonly names: readonly string[]; readonly bytes: number };
  /** Names of what nothing that was asked gives, nearest to the system first. */
  readonly lacking: readonly string[];
  /** Whether caches on the network were asked. */
  readonly asked: boolean;
  /** What Nix says of a cache that did not answer. */
  readonly silent: string | undefined;
}

/** Why that is not known. */
export interface UnknownSupply {
  readonly unknown: string;
}

/** How to look for it. */
export interface SupplyRequest {
  /** The stick's, which Nix is told to use already. */
  readonly cache: BinaryCache | undefined;
  /** Whether the caches that Nix has of its own are asked too. */
  readonly asks: boolean;
}

/** Caches that do not answer are waited for, one after the other; in milliseconds. */
const TIMEOUT = 180_000;

/**
 * Asks Nix what it would make and fetch for a system that was evaluated into the machine's store, and
 * finds what it could not have. Nothing is made or fetched.
 * @param derivation its store path
 * @throws ToolError when Nix does not say it
 */
export async function lookAtSupply(
  ctx: Context,
  derivation: string,
  { cache, asks }: SupplyRequest,
): Promise<Supply> {
  const only = asks ? [] : ["--option", "substituters", cache ? cacheUrl(cache) : ""];
  const { stderr } = await ctx.run(
    "nix-store",
    ["--realise", "--dry-run", derivation, ...only],
    { timeout: TIMEOUT },
  );
  const { built, fetched, fetchedBytes, unknown } = parseDryRun(stderr);
  const sizes = fetched.map((path) => cache === undefined ? undefined : sizeInCache(cache, path));
  const carried = sizes.filter((size) => size !== undefined);
  const carriedBytes = carried.reduce((sum, size) => sum + size, 0);
  const { made, lacking } = makingOf(derivation, derivationsOf(built));
  return {
    derivation,
    made: built.length === 0 ? 0 : made.size,
    carried: { paths: carried.length, bytes: carriedBytes },
    fetched: {
      names: fetched.filter((_, index) => sizes[index] === undefined).map(storeName),
      // Nix counts all in one, and rounds.
      bytes: carried.length === fetched.length ? 0 : Math.max(0, fetchedBytes - carriedBytes),
    },
    lacking: [...lacking.keys(), ...unknown].map((path) => storeName(path).replace(/\.drv$/, "")),
    asked: asks,
    silent: /^(?:(?:warning|error): )+(.*unable to download.*?)(?:; retrying.*)?$/m.exec(stderr)
      ?.[1],
  };
}

/** Reads derivations of a list from the store as they are asked for. */
export function derivationsOf(
  paths: readonly string[],
): (path: string) => Derivation | undefined {
  const known = new Map<string, Derivation | undefined>(paths.map((path) => [path, undefined]));
  return (path) => {
    if (!known.has(path)) return undefined;
    const found = known.get(path) ?? parseDerivation(Deno.readTextFileSync(path));
    known.set(path, found);
    return found;
  };
}

/** Bytes of a store path, unpacked, where a binary cache has it (Nix manual, `.narinfo`). */
function sizeInCache(cache: BinaryCache, path: string): number | undefined {
  const info = readTextIfExists(`${cache.folder}/${storeHash(path)}.narinfo`);
  return info === undefined ? undefined : Number(/^NarSize: (\d+)$/m.exec(info)?.[1] ?? 0);
}
