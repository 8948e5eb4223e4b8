import assert from "node:assert/strict";
import { findSource, isHyperNixos } from "../../../lib/install/source/source.ts";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const NATIVE = { "flake.nix": "{ }\n", "nix/host.nix": "{ }\n" };
const PUBLISHED = {
  "flake.nix": '{\n  description = "Hyper-NixOS: a hypervisor";\n  outputs = _: { };\n}\n',
  "flake.lock": "{ }\n",
  "configuration.nix": "{ }\n",
  "modules/core.nix": "{ }\n",
};

function below(folder: string, files: Readonly<Record<string, ScratchEntry>>) {
  return Object.fromEntries(Object.entries(files).map(([name, one]) => [`${folder}/${name}`, one]));
}

Deno.test("isHyperNixos() takes nobody's own configuration for a source", async () => {
  const own = (flake: string) => ({ ...PUBLISHED, "flake.nix": flake });
  const cases: [name: string, files: Record<string, string>, is: boolean][] = [
    ["this repository", NATIVE, true],
    ["a published tree", PUBLISHED, true],
    ["described in one line", own('{ description = "hyper-nixos"; outputs = _: { }; }'), true],
    [
      "an owner's flake that uses Hyper-NixOS",
      own(
        '{\n  description = "my machines";\n' +
          '  inputs.hyper-nixos.url = "github:MasterofNull/Hyper-NixOS";\n  outputs = _: { };\n}\n',
      ),
      false,
    ],
    [
      "an owner's flake that says what it uses",
      own('{ description = "machines with Hyper-NixOS on them"; outputs = _: { }; }'),
      false,
    ],
    ["no description", own("# Hyper-NixOS\n{ outputs = _: { }; }\n"), false],
    ["a flake alone", { "flake.nix": PUBLISHED["flake.nix"] }, false],
    ["nothing", { "README.md": "Hyper-NixOS" }, false],
  ];
  for (const [name, files, is] of cases) {
    await withScratch(files, (folder) => assert.equal(isHyperNixos(folder), is, name));
  }
});

Deno.test("findSource() takes the folder that is named, behind links, and says what it lacks", async () => {
  const { "flake.lock": _, ...unlocked } = PUBLISHED;
  await withScratch({
    ...below("native", NATIVE),
    ...below("published", PUBLISHED),
    ...below("unlocked", unlocked),
    ...below("half", { "flake.nix": "{ }\n" }),
    ...below("root/etc/hypervisor/src", NATIVE),
    link: { link: "native" },
    file: "",
  }, (scratch) => {
    const folder = Deno.realPathSync(scratch);
    const ctx = testContext({ root: `${folder}/root`, env: { HYPERVISOR_SOURCE: "" } });
    const found = (name: string) => {
      const { listing, layout, named, inPlace, foundBy } = findSource(ctx, `${folder}/${name}`);
      assert.equal(named, true);
      assert.equal(foundBy, "--source");
      return [listing.from.slice(folder.length + 1), layout, inPlace];
    };
    assert.deepEqual(found("native"), ["native", "native", false]);
    assert.deepEqual(found("link"), ["native", "native", false]);
    assert.deepEqual(found("published"), ["published", "published", false]);
    assert.deepEqual(found("root/etc/hypervisor/src"), ["root/etc/hypervisor/src", "native", true]);
    const refused: [name: string, said: RegExp][] = [
      ["unlocked", /has no flake\.lock$/],
      ["half", /has no nix\/host\.nix$/],
      ["root", /has no flake\.nix and no nix\/host\.nix$/],
      ["file", /is not a folder$/],
      ["nowhere", /is not a folder$/],
    ];
    for (const [name, said] of refused) {
      assert.throws(() => findSource(ctx, `${folder}/${name}`), (error) => {
        assert.ok(error instanceof ToolError && error.hint !== undefined);
        assert.match(error.message, said);
        assert.equal(error.code, ExitCode.Configuration);
        return true;
      });
    }
  });
});

Deno.test("findSource() refuses a source that somebody else could exchange", async () => {
  await withScratch(below("open/source", NATIVE), (folder) => {
    Deno.chmodSync(`${folder}/open`, 0o777);
    const ctx = testContext({ root: folder });
    assert.throws(() => findSource(ctx, `${folder}/open/source`), (error) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.code, ExitCode.PermissionDenied);
      assert.match(error.message, /is below .*open, which/);
      return true;
    });
    // As `mktemp -d` makes them below /tmp.
    Deno.chmodSync(`${folder}/open`, 0o1777);
    assert.equal(findSource(ctx, `${folder}/open/source`).layout, "native");
  });
});
