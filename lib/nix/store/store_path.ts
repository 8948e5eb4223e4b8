/** The store's folder and a hash, 32 letters of Nix's base 32, as a pattern (Nix manual, "Store path"). */
const STORE_HASH = "/nix/store/[0-9a-df-np-sv-z]{32}-";
const IN_TEXT = new RegExp(`${STORE_HASH}[\\w+.?=-]+(?:/[\\w+.?=/-]+)?`, "g");
const WITH_NAME = new RegExp(`${STORE_HASH}([^/\\s"':;,)]*)`, "g");

/** The hash in a store path, 32 letters. */
export function storeHash(path: string): string {
  return baseName(path).slice(0, 32);
}

/** The name in a store path, after the hash. */
export function storeName(path: string): string {
  return baseName(path).slice(33);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The paths in the store that a text names, each with what it names below the store path. */
export function storePathsIn(text: string): string[] {
  return text.match(IN_TEXT) ?? [];
}

/**
 * A text whose store paths have lost their hashes, which differ after every update.
 * @param named what stands for a store path, of its name; by default the path with `…` for the hash
 */
export function withoutStoreHashes(
  text: string,
  named: (name: string) => string = (name) => `/nix/store/…-${name}`,
): string {
  return text.replaceAll(WITH_NAME, (_, name: string) => named(name));
}
