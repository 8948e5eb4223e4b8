import { foreignPart, foreignWriter, type MayWrite } from "../../machine/files/file_trust.ts";
import { lstatIfExists, parentOf } from "../../machine/files/files.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import type { Context } from "../../machine/context.ts";
import { withNixSettings } from "../nix_settings.ts";

/** A binary cache in a folder, and the key that signed what is in it. */
export interface BinaryCache {
  /** Host path, without links. */
  readonly folder: string;
  /** For Nix's `trusted-public-keys`: `NAME:BASE64`. */
  readonly publicKey: string;
}

/** A cache that is there and is left alone. */
export interface RefusedCache {
  readonly folder: string;
  /** To follow the folder in a sentence. */
  readonly problem: string;
}

/** The form of a public key; nix-store(1), `--generate-binary-cache-key`. Ed25519: 32 bytes. */
const PUBLIC_KEY = /^[\w.-]+:[A-Za-z0-9+/]{43}=$/;
/** Nix splits lists of stores at spaces and reads `?` and `#` as parts of a URL; it decodes nothing. */
const NAMEABLE = /^[\w./@+-]+$/;

/**
 * Looks for a binary cache beside a source tree: a folder `cache` with `nix-cache-info` and the
 * `public-key` that signed it, as the USB kit has one (docs/offline.md). A key that others could have
 * written would make root run what they like, so such a cache is refused.
 * @param source host path of the source tree, without links
 * @param mayWrite whether a user id may own the cache, as for the source itself
 * @returns undefined when there is none
 */
export function findBinaryCache(
  source: string,
  mayWrite: MayWrite,
): BinaryCache | RefusedCache | undefined {
  const folder = `${parentOf(source).replace(/\/$/, "")}/cache`;
  const refused = (problem: string): RefusedCache => ({ folder, problem });
  const [info, mark, key] = ["", "/nix-cache-info", "/public-key"].map((name) =>
    lstatIfExists(folder + name)
  );
  if (!info?.isDirectory || !mark?.isFile) return undefined;
  if (!key?.isFile) return refused("has no public-key");
  for (const [name, file] of [["", info], ["nix-cache-info", mark], ["public-key", key]] as const) {
    const problem = foreignWriter(file, mayWrite);
    if (problem) return refused(name === "" ? problem : `has a ${name} that ${problem}`);
  }
  const foreign = foreignPart(parentOf(folder), mayWrite);
  if (foreign) return refused(`is below ${foreign.path}, which ${foreign.problem}`);
  if (!NAMEABLE.test(folder)) {
    return refused(
      "has a path that Nix cannot be told: mount the stick at a path of plain letters",
    );
  }
  const publicKey = new TextDecoder().decode(readRegular(`${folder}/public-key`, 4096)).trim();
  if (!PUBLIC_KEY.test(publicKey)) return refused("has a public-key that is none");
  return { folder, publicKey };
}

/** Whether a cache that was found is used. */
export function isUsable(
  cache: BinaryCache | RefusedCache | undefined,
): cache is BinaryCache {
  return cache !== undefined && "publicKey" in cache;
}

/** A cache as Nix names it, asked before all others. */
export function cacheUrl({ folder }: BinaryCache): string {
  return `file://${folder}?priority=1`;
}

/**
 * A context under which every Nix asks this cache first, for evaluation and builds alike; the other
 * substituters stay.
 */
export function withBinaryCache(
  ctx: Context,
  cache: BinaryCache | RefusedCache | undefined,
): Context {
  if (!isUsable(cache)) return ctx;
  // Without an address other than loopback's, `nix` sets the first to false by itself (haveInternet()). A
  // public cache that is out of reach is given up sooner (seconds; curl's own limit is 5 minutes). What the
  // user set wins over these two.
  const before = ["substitute = true", "connect-timeout = 5"];
  return withNixSettings(ctx, [
    `extra-substituters = ${cacheUrl(cache)}`,
    `extra-trusted-public-keys = ${cache.publicKey}`,
  ], before);
}
