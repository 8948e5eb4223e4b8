import assert from "node:assert/strict";
import { compileAll, toolNames } from "../../nix/compile.ts";
import { targetOfElf } from "../../nix/elf.ts";
import { canCompile } from "../support/compile.ts";
import { copyOfFlake, scratchFolder } from "./support.ts";

Deno.test("compileAll() compiles for the runtime at hand and names the system without one", {
  ignore: !canCompile,
}, async () => {
  using folder = scratchFolder();
  const said: string[] = [];
  const results = await compileAll(folder.path, (line) => said.push(line));
  assert.deepEqual(results.map(({ system }) => system), ["x86_64-linux", "aarch64-linux"]);
  // Bundled, with V8's code where the runtime starts.
  assert.deepEqual(said, []);
  assert.ok(results.some(({ problem }) => problem === undefined));
  for (const { system, files, problem } of results) {
    if (problem !== undefined) {
      assert.match(problem, new RegExp(`no runtime: name a denort for ${system}`));
      assert.deepEqual(files, []);
      continue;
    }
    assert.deepEqual(files.map(({ name }) => name), toolNames());
    for (const { name } of files) {
      assert.equal(targetOfElf(`${folder.path}/${system}/${name}`), system);
    }
  }
  // Nothing of a system that failed is left.
  const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  const made = results.filter(({ problem }) => problem === undefined).map(({ system }) => system);
  assert.deepEqual(left, made.sort());
});

Deno.test("nix/compile.ts --into compiles the named tools, also of a tree whose path has a space", {
  ignore: !canCompile,
}, async () => {
  using flake = copyOfFlake();
  const tree = `${flake.path}/my tree`;
  Deno.mkdirSync(tree);
  for (const name of ["cmd", "lib", "nix", "deno.json", "deno.lock"]) {
    Deno.renameSync(`${flake.path}/${name}`, `${tree}/${name}`);
  }
  const compile = async (...names: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", `${tree}/nix/compile.ts`, "--into", "out", ...names],
      cwd: flake.path,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  };
  const compiled = await compile("validator");
  assert.equal(compiled.code, 0, compiled.stderr);
  assert.match(compiled.stdout, /^out\/validator +\d+\.\d MiB\n$/);
  const { stdout } = await new Deno.Command(`${flake.path}/out/validator`, { args: ["--version"] })
    .output();
  assert.match(new TextDecoder().decode(stdout), /^validator \d/);
  const misspelt = await compile("valdiator");
  assert.equal(misspelt.code, 4);
  assert.match(misspelt.stdout, /there is no tool valdiator/);
});

Deno.test("targetOfElf() knows a system by its executable", () => {
  using folder = scratchFolder();
  assert.equal(targetOfElf(Deno.execPath()), `${Deno.build.arch}-linux`);
  for (const text of ["", "#!/bin/sh\n".repeat(9)]) {
    Deno.writeTextFileSync(`${folder.path}/script`, text);
    assert.equal(targetOfElf(`${folder.path}/script`), undefined);
  }
});
