import assert from "node:assert/strict";
import { carriedCache } from "../../../lib/rebuild/building/carried_cache.ts";
import { testContext } from "../../support/context.ts";

Deno.test("carriedCache() finds the cache of the stick, and names one that others can write", () => {
  const stick = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    const cache = `${stick}/cache`;
    const publicKey = `kit-1:${"A".repeat(43)}=`;
    Deno.mkdirSync(`${stick}/source`);
    Deno.mkdirSync(cache);
    Deno.writeTextFileSync(`${cache}/nix-cache-info`, "StoreDir: /nix/store\n");
    Deno.writeTextFileSync(`${cache}/public-key`, publicKey);
    Deno.symlinkSync(stick, `${stick}/mounted`);
    const ctx = testContext({ env: { HYPERVISOR_SOURCE: `${stick}/mounted/source` } });
    assert.deepEqual(carriedCache(ctx), { folder: cache, publicKey });

    Deno.chmodSync(cache, 0o777);
    assert.equal(carriedCache(ctx), undefined);
    assert.deepEqual(ctx.messages("warn"), [
      `the binary cache ${cache} is not used: it can be written by everyone`,
    ]);
    for (const source of ["", `${stick}/gone`]) {
      assert.equal(carriedCache(testContext({ env: { HYPERVISOR_SOURCE: source } })), undefined);
    }
  } finally {
    Deno.removeSync(stick, { recursive: true });
  }
});
