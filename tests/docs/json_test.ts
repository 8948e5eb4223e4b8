import assert from "node:assert/strict";
import { VERSION } from "../../lib/program/version.ts";
import { eachTool } from "../../nix/man.ts";
import { runTool, type ToolResult } from "../support/executable.ts";
import { startsAsRoot } from "../support/launch.ts";
import { needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { UpdatableMachine, type UpdatedMachine } from "../update/updated_machine.ts";
import { documentedShapes, expectShape } from "./document_shape.ts";

const shapes = documentedShapes(
  Deno.readTextFileSync(new URL("../../docs/json.md", import.meta.url)),
);

Deno.test("expectShape() refuses what is missing, unknown or of another type", () => {
  const members = documentedShapes(
    "## a\n\n| `list` | list | |\n| `list[].name` | text or null | |\n| `free` | map | |\n",
  ).get("a")!;
  const free = { any: 1 };
  expectShape({ list: [{ name: "b" }, { name: null }], free }, members);
  expectShape({ list: [], free }, members);
  assert.throws(() => expectShape({ list: [] }, members), /free is missing/);
  assert.throws(() => expectShape({ list: [{}], free }, members), /list\[\]\.name is missing/);
  assert.throws(() => expectShape({ list: [{ name: 1 }], free }, members), /name is number/);
  assert.throws(() => expectShape({ list: [], free, more: 1 }, members), /more is described 0/);
});

/** Expects stdout to be one document, of the shape under these headings. */
function expectDocument(
  tool: string,
  { code, stdout, stderr }: ToolResult,
  exitCode: number,
  ...headings: string[]
): void {
  assert.equal(code, exitCode, `${stdout}\n${stderr}`);
  const document = JSON.parse(stdout);
  assert.equal(document.version, 1);
  assert.equal(document.tool, tool);
  assert.equal(document.toolkit, VERSION);
  if ("exitCode" in document) assert.equal(document.exitCode, code);
  const members = ["Every document", ...headings].flatMap((heading) => {
    const described = shapes.get(heading);
    assert.ok(described, `docs/json.md has no heading "${heading}"`);
    return described;
  });
  // A member that two of the tables name is described once.
  const paths = members.map(({ path }) => path);
  expectShape(document, members.filter(({ path }, index) => paths.indexOf(path) === index));
}

for (const name of eachTool((tool) => tool.name)) {
  Deno.test(`${name} --json ends a wrong command line with the documented document`, async () => {
    const result = await runTool(name, ["--json", "--no-such-option"]);
    expectDocument(name, result, 4, "A run that failed");
  });
}

Deno.test("system-installer --json refuses a machine that is none with the documented document", async () => {
  using machine = scratchMachine("uefi", { notNixos: true });
  const result = await runTool("system-installer", ["--json", "--yes"], { root: machine.root });
  expectDocument("system-installer", result, startsAsRoot ? 6 : 3, "A run that failed");
});

needsNix("every tool's --json is what docs/json.md says", async () => {
  await using updatable = await UpdatableMachine.install();
  using updated = updatable.copy();
  const expect = async (
    [tool = "", ...args]: readonly string[],
    exitCode: number,
    ...headings: string[]
  ) => {
    const result = await runOn(updated, tool, [...args, "--json"]);
    expectDocument(tool, result, exitCode, ...headings);
  };

  await expect(["smart-sync", "--check-only"], 0, "smart-sync");
  await expect(["smart-sync", "--rollback"], 6, "A run that failed");
  await expect(["smart-sync"], 0, "smart-sync");
  await expect(["smart-sync", "--rollback"], 0, "smart-sync --rollback");
  await expect(["dev-update", "--check-only"], 0, "dev-update");
  await expect(["dev-update", "--ref", "broken"], 6, "dev-update", "A run that failed");
  await expect(["dev-update"], 0, "dev-update");
  await expect(["rebuild-helper", "--list-generations"], 0, "rebuild-helper --list-generations");
  await expect(["rebuild-helper", "build"], 0, "rebuild-helper ACTION");
  await expect(["rebuild-helper", "switch"], 0, "rebuild-helper ACTION");
  await expect(["rebuild-helper", "--rollback"], 0, "rebuild-helper --rollback");
  await expect(["rebuild-helper", "--clean", "--yes"], 0, "rebuild-helper --clean");
  await expect(["rebuild-helper", "--confirmed"], 1, "A run that failed");
  await expect(["validator", "--quick"], 0, "validator");
  updated.machine.chmod("/etc/hypervisor", 0o775);
  await expect(["validator", "--quick"], 6, "validator");
  await expect(["validator", "--quick", "--fix"], 0, "validator");
  const plan = ["system-installer", "--dry-run", "--source", "/etc/hypervisor/src"];
  await expect(plan, 0, "system-installer --dry-run");
  await expect([...plan, "--no-keep-config"], 0, "system-installer --dry-run");
  await expect(["system-installer", "--undo", "--yes"], 0, "system-installer");
  await expect(["system-installer", "--undo", "--yes"], 1, "A run that failed");
});

function runOn(
  { machine, launch }: UpdatedMachine,
  tool: string,
  args: readonly string[],
): Promise<ToolResult> {
  return runTool(tool, args, { ...machine.launch, ...launch });
}
