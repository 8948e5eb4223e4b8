import { equal } from "node:assert/strict";
import { sourceCommit } from "../../../lib/rebuild/building/source_commit.ts";
import { testContext } from "../../support/context.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

Deno.test("sourceCommit() reads the commit that a flake's reference names, in each of its forms", async () => {
  const table: readonly (readonly [url: string, string | undefined])[] = [
    [`github:owner/name/${COMMIT}`, COMMIT],
    [`github:owner/name/${COMMIT}?dir=nix`, COMMIT],
    [`git+https://example.org/name?rev=${COMMIT}`, COMMIT],
    [`git+ssh://git@example.org/name?ref=main&rev=${COMMIT}`, COMMIT],
    [`github:owner/name?rev=${COMMIT}&dir=nix`, COMMIT],
    [`https://example.org/archive/${COMMIT}.tar.gz`, COMMIT],
    ["github:owner/name/main", undefined],
    [`github:owner/name/${COMMIT}-fix`, undefined],
    [`github:owner/name/${COMMIT}${COMMIT}`, undefined],
    [`git+https://example.org/name?narHash=${COMMIT}`, undefined],
  ];
  for (const [url, expected] of table) {
    const flake = { url, pure: true } as unknown as Parameters<typeof sourceCommit>[1];
    equal(await sourceCommit(testContext(), flake), expected, url);
  }
});
