import { deepEqual, equal } from "node:assert/strict";
import { storePathsIn, withoutStoreHashes } from "../../../lib/nix/store/store_path.ts";

const HASH = "0123456789abcdfghijklmnpqrsvwxyz";
const PATH = `/nix/store/${HASH}-bash-5.2`;

Deno.test("storePathsIn() finds store paths with what they name below", () => {
  deepEqual(storePathsIn(`ExecStart=${PATH}/bin/bash -c "${PATH}"; x`), [`${PATH}/bin/bash`, PATH]);
  // Letters that Nix's base 32 does not have, and hashes of another length, are of no store path.
  deepEqual(storePathsIn(`/nix/store/${HASH.replace("z", "e")}-bash /nix/store/abc-bash`), []);
});

Deno.test("withoutStoreHashes() leaves the name, so that two builds of one thing read the same", () => {
  equal(withoutStoreHashes(`a ${PATH}/bin`), "a /nix/store/…-bash-5.2/bin");
  const other = PATH.replace("01234", "43210");
  equal(withoutStoreHashes(`${PATH}:${other}`), "/nix/store/…-bash-5.2:/nix/store/…-bash-5.2");
  equal(withoutStoreHashes(`'${PATH}'`, (name) => name.toUpperCase()), "'BASH-5.2'");
});
