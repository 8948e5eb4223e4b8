/** The task that renews the hash of the npm packages, against a registry on loopback. */
import assert from "node:assert/strict";
import { hasNix } from "../support/needs.ts";
import { REPOSITORY, scratchFolder } from "./support.ts";

const NAME = "tiny";
const VERSION = "1.0.0";

/** A registry with one package, whose document says another time at every request. */
function registry(tarball: Uint8Array<ArrayBuffer>, integrity: string) {
  let requests = 0;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    if (url.endsWith(".tgz")) return new Response(tarball);
    return Response.json({
      name: NAME,
      "dist-tags": { latest: VERSION },
      time: { modified: new Date(1_700_000_000_000 + requests++).toISOString() },
      versions: {
        [VERSION]: {
          name: NAME,
          version: VERSION,
          dist: { tarball: new URL(`/${NAME}/-/${NAME}-${VERSION}.tgz`, url).href, integrity },
        },
      },
    });
  });
}

async function packed(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  Deno.mkdirSync(`${folder}/package`);
  const manifest = { name: NAME, version: VERSION, main: "index.js" };
  Deno.writeTextFileSync(`${folder}/package/package.json`, JSON.stringify(manifest));
  Deno.writeTextFileSync(`${folder}/package/index.js`, "exports.tiny = true;\n");
  const { stdout } = await new Deno.Command("tar", {
    args: ["-cz", "-C", folder, "package"],
  }).output();
  return new Uint8Array(stdout);
}

Deno.test({
  name: "deno task npm-hash records the hash of what the lock pins, the same at every download",
  ignore: !hasNix,
  fn: async () => {
    using folder = scratchFolder();
    const tarball = await packed(folder.path);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", tarball)).toBase64();
    const tree = `${folder.path}/tree`;
    Deno.mkdirSync(`${tree}/nix`, { recursive: true });
    const write = (path: string, value: unknown) =>
      Deno.writeTextFileSync(`${tree}/${path}`, JSON.stringify(value));
    const specifier = `npm:${NAME}@${VERSION}`;
    const lock = (integrity: string) =>
      write("deno.lock", {
        version: "5",
        specifiers: { [specifier]: VERSION },
        npm: { [`${NAME}@${VERSION}`]: { integrity } },
        workspace: { dependencies: [specifier] },
      });
    write("deno.json", { imports: { [NAME]: specifier }, nodeModulesDir: "none" });
    lock(`sha512-${digest}`);
    write("nix/npm_dependencies.json", { hash: "sha256-old" });
    Deno.copyFileSync(
      `${REPOSITORY}/nix/npm_dependencies.ts`,
      `${tree}/nix/npm_dependencies.ts`,
    );
    await using server = registry(tarball, `sha512-${digest}`);
    const renew = async () => {
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", `${tree}/nix/npm_dependencies.ts`],
        env: {
          NPM_CONFIG_REGISTRY: `http://127.0.0.1:${server.addr.port}/`,
          NO_PROXY: "127.0.0.1",
          no_proxy: "127.0.0.1",
          NO_COLOR: "1",
        },
      }).output();
      return { code, said: new TextDecoder().decode(stdout).trim() };
    };
    const recorded = () => JSON.parse(Deno.readTextFileSync(`${tree}/nix/npm_dependencies.json`));

    const first = await renew();
    assert.equal(first.code, 0, first.said);
    const { hash } = recorded();
    assert.match(hash, /^sha256-[A-Za-z0-9+/]{43}=$/);
    assert.equal(first.said, `sha256-old -> ${hash}`);
    assert.deepEqual(await renew(), { code: 0, said: `unchanged: ${hash}` });

    lock(`sha512-${"A".repeat(86)}==`);
    const refused = await renew();
    assert.equal(refused.code, 1, "what the lock does not pin is not hashed");
    assert.match(refused.said, /npm_dependencies\.json is as it was: .*checksum did not match/s);
    assert.deepEqual(recorded(), { hash });
  },
});
