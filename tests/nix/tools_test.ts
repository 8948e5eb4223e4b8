import assert from "node:assert/strict";
import { builtOutput, hasTools, kitFolder, toolsOnMachine } from "../../lib/nix/tools.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const NAMES = ["dev-update", "rebuild-helper", "smart-sync", "system-installer", "validator"];
const TOOLS = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hyper-nixos-tools-2.0.0";

Deno.test("builtOutput() reads what Nix has built, and tells anything else in words", () => {
  const built = (out: string) => JSON.stringify([{ drvPath: "/x.drv", outputs: { out } }]);
  assert.equal(builtOutput(built(TOOLS)), TOOLS);
  // Nix 2.8 and Lix say more of it.
  assert.equal(builtOutput(`${built(TOOLS)}\n`), TOOLS);
  for (
    const said of [
      "",
      "[]",
      "{}",
      "null",
      "warning: dumping core",
      built("/tmp/x"),
      `[{"outputs":{}}]`,
    ]
  ) {
    assert.throws(() => builtOutput(said), ToolError, said);
  }
});

Deno.test("hasTools() asks for all five, as files", async () => {
  const all = Object.fromEntries(NAMES.map((name) => [`bin/${name}`, ""]));
  await withScratch(all, (folder) => {
    assert.equal(hasTools(`${folder}/bin`), true);
    Deno.removeSync(`${folder}/bin/validator`);
    assert.equal(hasTools(`${folder}/bin`), false);
    Deno.mkdirSync(`${folder}/bin/validator`);
    assert.equal(hasTools(`${folder}/bin`), false);
    assert.equal(hasTools(`${folder}/nowhere`), false);
  });
  assert.equal(kitFolder("/mnt/usb/source"), `/mnt/usb/bin/${Deno.build.arch}-linux`);
});

Deno.test("toolsOnMachine() believes host.json only where the store still has them", async () => {
  const record = JSON.stringify({
    version: 2,
    hostName: "host",
    system: "x86_64-linux",
    base: null,
    tools: TOOLS,
  });
  const cases: [files: Record<string, string>, tools: string | undefined][] = [
    [
      { "etc/hypervisor/configuration/host.json": record, [`${TOOLS.slice(1)}/bin/validator`]: "" },
      TOOLS,
    ],
    [{ "etc/hypervisor/configuration/host.json": record }, undefined],
    [{ "etc/hypervisor/configuration/host.json": "{ half" }, undefined],
    [{ "etc/": "" }, undefined],
  ];
  for (const [files, tools] of cases) {
    await withScratch(files, (root) => {
      assert.equal(
        toolsOnMachine(testContext({ root, env: { HYPERVISOR_EXECUTABLE: "" } })),
        tools,
      );
    });
  }
});
