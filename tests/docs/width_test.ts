import assert from "node:assert/strict";
import { runTool, type ToolResult } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { makeSource } from "../support/source.ts";
import { standIns } from "../support/stand_ins.ts";
import { UpdatableMachine } from "../update/updated_machine.ts";

/**
 * Expects no line of a report to be wider than 80 columns, unless it is one word that cannot be broken.
 * Not of a report are: messages and their next steps, which are one line each so that they can be
 * searched and copied (docs/terminal.md), and lines of files, quoted by a plan as they are.
 */
function expectNarrow(tool: string, { stdout, stderr }: ToolResult): void {
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line !== "");
  assert.ok(lines.length > 3, `nothing to see: ${stdout}${stderr}`);
  for (const line of lines) {
    const isMessage = line.startsWith(`[${tool}`);
    const isQuoted = /^ {4}[-+ ] /.test(line);
    if (isMessage || isQuoted || line.trim().split(" ").length === 1) continue;
    assert.ok([...line].length <= 80, `${[...line].length} columns: ${line}`);
  }
}

needsNix("plans are at most 80 columns wide, also in words", async () => {
  const source = Deno.makeTempDirSync({ prefix: "source-" });
  try {
    Deno.chmodSync(source, 0o755);
    makeSource(`${source}/hyper-nixos`, { small: true });
    for (
      const [kind, ...words] of [["rented"], ["rented", "--plain"], [
        "hostile",
        "--explain",
      ]] as const
    ) {
      using machine = scratchMachine(kind);
      using programs = standIns();
      const options = { root: machine.root, standIns: programs.folder };
      const args = ["--dry-run", "--source", `${source}/hyper-nixos`, ...words];
      const plan = await runTool("system-installer", args, options);
      assert.equal(plan.code, 0, plan.stderr);
      expectNarrow("system-installer", plan);
    }
  } finally {
    Deno.removeSync(source, { recursive: true });
  }
});

needsNix("reports of an installed machine are at most 80 columns wide, also in words", async () => {
  await using updatable = await UpdatableMachine.install();
  using updated = updatable.copy();
  updated.machine.chmod("/etc/hypervisor", 0o775);
  for (
    const [tool, ...args] of [
      ["smart-sync", "--dry-run", "--verbose"],
      ["validator", "--quick", "--verbose"],
      ["dev-update", "--check-only"],
      ["rebuild-helper", "--list-generations"],
    ] as const
  ) {
    for (const words of [[], ["--plain"]]) {
      const options = { ...updated.machine.launch, ...updated.launch };
      expectNarrow(tool, await runTool(tool, [...args, ...words], options));
    }
  }
});
