import assert from "node:assert/strict";
import { findBinaryCache, isUsable, withBinaryCache } from "../../../lib/nix/store/binary_cache.ts";
import { testContext } from "../../support/context.ts";
import { hasNix, isRoot } from "../../support/needs.ts";

const KEY = `kit-1:${"A".repeat(43)}=`;
const mine = (uid: number) => uid === Deno.uid();

/** A stick with a source and a cache beside it. */
function stick(name = "stick"): Disposable & { readonly path: string } {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const path = `${folder}/${name}`;
  Deno.mkdirSync(`${path}/source`, { recursive: true });
  Deno.mkdirSync(`${path}/cache`);
  Deno.writeTextFileSync(`${path}/cache/nix-cache-info`, "StoreDir: /nix/store\n");
  Deno.writeTextFileSync(`${path}/cache/public-key`, KEY);
  return { path, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

Deno.test("findBinaryCache() finds the cache beside a source, and none where there is none", () => {
  using kit = stick();
  const source = `${kit.path}/source`;
  assert.deepEqual(findBinaryCache(source, mine), { folder: `${kit.path}/cache`, publicKey: KEY });
  Deno.removeSync(`${kit.path}/cache/nix-cache-info`);
  assert.equal(findBinaryCache(source, mine), undefined);
  assert.equal(findBinaryCache("/", mine), undefined);
});

Deno.test("findBinaryCache() refuses a cache that others could have written, and says why", () => {
  const refusal = (change: (cache: string) => void, name?: string) => {
    using kit = stick(name);
    change(`${kit.path}/cache`);
    const found = findBinaryCache(`${kit.path}/source`, mine);
    assert.ok(found !== undefined && !isUsable(found));
    return found.problem;
  };
  assert.equal(refusal((cache) => Deno.chmodSync(cache, 0o777)), "can be written by everyone");
  assert.equal(
    refusal((cache) => Deno.chmodSync(`${cache}/public-key`, 0o666)),
    "has a public-key that can be written by everyone",
  );
  assert.match(
    refusal((cache) => Deno.chmodSync(cache.replace(/\/cache$/, ""), 0o777)),
    /^is below \/.*\/stick, which can be written by everyone$/,
  );
  assert.equal(refusal((cache) => Deno.removeSync(`${cache}/public-key`)), "has no public-key");
  assert.equal(
    refusal((cache) => {
      Deno.renameSync(`${cache}/public-key`, `${cache}/key`);
      Deno.symlinkSync("key", `${cache}/public-key`);
    }),
    "has no public-key",
    "a link is no key: whoever owns its target could change it",
  );
  assert.match(
    refusal((cache) => Deno.writeTextFileSync(`${cache}/public-key`, `${KEY} evil:KEY=`)),
    /public-key that is none/,
  );
  assert.match(refusal(() => {}, "my stick"), /mount the stick at a path of plain letters/);
});

Deno.test("findBinaryCache() refuses another user's key", { ignore: !isRoot }, () => {
  using kit = stick();
  Deno.chownSync(`${kit.path}/cache/public-key`, 65534, 65534);
  assert.deepEqual(findBinaryCache(`${kit.path}/source`, mine), {
    folder: `${kit.path}/cache`,
    problem: "has a public-key that belongs to user 65534, who is neither root nor you",
  });
});

Deno.test("withBinaryCache() makes Nix ask the cache besides its own substituters", {
  ignore: !hasNix,
}, async () => {
  using kit = stick();
  const ctx = testContext({
    env: { NIX_CONFIG: "extra-substituters = https://cache.example.org\nconnect-timeout = 3" },
  });
  const building = withBinaryCache(ctx, findBinaryCache(`${kit.path}/source`, mine));
  const { stdout } = await building.run("nix", ["show-config", "--json"]);
  const settings = JSON.parse(stdout);
  for (const url of ["https://cache.example.org", `file://${kit.path}/cache?priority=1`]) {
    assert.ok(settings.substituters.value.includes(url), stdout);
  }
  assert.ok(settings["trusted-public-keys"].value.includes(KEY));
  assert.equal(settings.substitute.value, true);
  assert.equal(settings["connect-timeout"].value, 3, "what the user set is kept");
  assert.equal(withBinaryCache(ctx, undefined), ctx);
});
