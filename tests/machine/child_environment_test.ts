import assert from "node:assert/strict";
import { childEnvironment, nixConfig, trustedPath } from "../../lib/machine/child_environment.ts";
import { isRoot } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";

Deno.test("childEnvironment() keeps what is on its list and nothing that loads code", () => {
  const env = childEnvironment({
    HOME: "/root",
    NIX_PATH: "nixpkgs=/x",
    https_proxy: "http://proxy:3128",
    LD_PRELOAD: "/tmp/evil.so",
    LD_LIBRARY_PATH: "/tmp",
    PERL5LIB: "/tmp",
    PYTHONPATH: "/tmp",
    BASH_ENV: "/tmp/x",
    ENV: "/tmp/x",
    IFS: "x",
    GIT_SSH_COMMAND: "evil",
    GITHUB_TOKEN: "secret",
    LC_ALL: "tr_TR.UTF-8",
    LANG: "tr_TR.UTF-8",
    PATH: "/usr/bin",
  });
  assert.deepEqual(Object.keys(env).sort(), [
    "HOME",
    "LC_ALL",
    "NIX_CONFIG",
    "NIX_PATH",
    "PATH",
    "https_proxy",
  ]);
  assert.equal(env.LC_ALL, "C.UTF-8");
});

Deno.test("childEnvironment() hands on no TMPDIR that others can write", async () => {
  await withScratch({ "open/x": "" }, (folder) => {
    Deno.chmodSync(folder, 0o755);
    Deno.chmodSync(`${folder}/open`, 0o777);
    assert.equal(childEnvironment({ TMPDIR: folder }).TMPDIR, folder);
    assert.equal(childEnvironment({ TMPDIR: `${folder}/open` }).TMPDIR, "/tmp");
  });
});

Deno.test("nixConfig() adds flakes and keeps what the user set", () => {
  const flakes = "extra-experimental-features = nix-command flakes";
  assert.equal(nixConfig(undefined), flakes);
  assert.equal(nixConfig("  \n"), flakes);
  assert.equal(nixConfig("substituters =\n\n"), `substituters =\n${flakes}`);
  assert.equal(
    nixConfig("experimental-features = ca-derivations"),
    `experimental-features = ca-derivations\n${flakes}`,
  );
});

Deno.test("trustedPath() drops folders that others can write, and relative ones", async () => {
  await withScratch({ "good/": "", "open/": "", "group/": "", "open/below/": "" }, (folder) => {
    for (const name of ["good", "open/below"]) Deno.chmodSync(`${folder}/${name}`, 0o755);
    Deno.chmodSync(folder, 0o755);
    Deno.chmodSync(`${folder}/open`, 0o777);
    Deno.chmodSync(`${folder}/group`, 0o775);
    const names = ["good", "open", "group", "open/below", "none"].map((name) =>
      `${folder}/${name}`
    );
    const path = trustedPath([...names, "", ".", "bin", "/usr/bin"].join(":"), undefined);
    assert.deepEqual(path.filter((entry) => entry.startsWith(folder)), [`${folder}/good`]);
    assert.ok(!path.includes("") && !path.includes("bin") && !path.includes("."));
    assert.deepEqual(path.slice(1, 4), [
      "/usr/bin",
      "/run/wrappers/bin",
      "/run/current-system/sw/bin",
    ]);
    assert.equal(new Set(path).size, path.length);
  });
});

Deno.test("trustedPath() drops folders of other users and links that they can change", {
  ignore: !isRoot,
}, async () => {
  await withScratch({
    "good/": "",
    "theirs/bin/": "",
    "rootlink": { link: "good" },
    "theirs/link": { link: "../good" },
    "hop": { link: "theirs/link" },
  }, (folder) => {
    Deno.chmodSync(folder, 0o755);
    for (const name of ["good", "theirs", "theirs/bin"]) Deno.chmodSync(`${folder}/${name}`, 0o755);
    for (const name of ["theirs", "theirs/bin"]) Deno.chownSync(`${folder}/${name}`, 1000, 100);
    const names = ["theirs/bin", "theirs/link", "hop", "rootlink", "good"];
    const path = trustedPath(
      names.map((name) => `${folder}/${name}`).join(":"),
      `${folder}/theirs`,
    );
    assert.deepEqual(path.filter((entry) => entry.startsWith(folder)), [
      `${folder}/rootlink`,
      `${folder}/good`,
    ]);
  });
});

Deno.test("trustedPath() takes the profile of a home that is trusted", async () => {
  await withScratch({ "profile/bin/": "", ".nix-profile": { link: "profile" } }, (folder) => {
    Deno.chmodSync(folder, 0o755);
    for (const name of ["profile", "profile/bin"]) Deno.chmodSync(`${folder}/${name}`, 0o755);
    assert.ok(trustedPath("", folder).includes(`${folder}/.nix-profile/bin`));
  });
});
