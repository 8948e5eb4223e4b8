import assert from "node:assert/strict";
import { canCompile, compileTool } from "./compile.ts";
import { demo } from "./demo.ts";
import { runTool } from "./executable.ts";
import { hasNix, isRoot } from "./needs.ts";
import { privateStore } from "./nix_store.ts";
import { scratchMachine } from "./scratch_machine.ts";

Deno.test("a compiled tool does what the script does", { ignore: !canCompile }, async () => {
  using machine = scratchMachine("rented");
  const executable = await compileTool(demo);
  const compiled = await runTool(executable, ["--do", "greet"], { root: machine.root });
  assert.deepEqual(compiled, await runTool(demo, ["--do", "greet"], { root: machine.root }));
  if (!isRoot) return;
  const inside = await runTool(executable, ["--do", "greet"], { inside: machine.root, uid: 65534 });
  assert.equal(inside.stdout, compiled.stdout);
});

Deno.test("privateStore() is a store of its own", { ignore: !hasNix }, async () => {
  using store = privateStore();
  const expression = 'builtins.toFile "name" "content"';
  const { stdout } = await new Deno.Command("nix-instantiate", {
    args: ["--eval", "--read-write-mode", "--json", "-E", expression],
    env: { ...store.env },
  }).output();
  const path = JSON.parse(new TextDecoder().decode(stdout));
  assert.ok(path.startsWith(`${store.folder}/store/`), path);
  assert.equal(Deno.readTextFileSync(path), "content");
});
