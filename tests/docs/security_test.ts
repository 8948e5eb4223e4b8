import assert from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { UpdatableMachine } from "../update/updated_machine.ts";

const page = Deno.readTextFileSync(new URL("../../docs/security.md", import.meta.url));
/** `path`, `mode of the folder or file`, `mode of the files in it` */
const rows = [...page.matchAll(/^\| `(\/[^`]+)` +\| (\d{4}|link)(?:, files (\d{4}))? +\|/gm)];

needsNix(
  "what the tools store has the modes that docs/security.md says, and is root's",
  async () => {
    assert.ok(rows.length >= 14);
    // Without the owner's configuration more is stored.
    await using updatable = await UpdatableMachine.install(["--no-keep-config"]);
    using updated = updatable.copy();
    const { machine, launch } = updated;
    machine.write(
      "/etc/hypervisor/src/flake.nix",
      machine.read("/etc/hypervisor/src/flake.nix") + "\n",
    );
    await updated.expect(0);
    await runTool("validator", ["--quick"], { ...machine.launch, ...launch });
    for (const [, path = "", mode, files] of rows) {
      const here = machine.host(path);
      assert.equal(modeOf(here), mode, path);
      if (files === undefined) continue;
      const inside = [...Deno.readDirSync(here)].filter(({ isFile }) => isFile);
      assert.ok(inside.length > 0, `${path} is empty`);
      for (const { name } of inside) {
        assert.equal(
          modeOf(`${here}/${name}`),
          files,
          `${path}/${name}`,
        );
      }
    }
    const documented = rows.map(([, path = ""]) => path);
    for (const { name } of Deno.readDirSync(machine.host("/var/lib/hyper-nixos"))) {
      const path = `/var/lib/hyper-nixos/${name}`;
      assert.ok(name === "build" || documented.includes(path), `${path} is not in the table`);
    }
  },
);

function modeOf(path: string): string {
  const info = Deno.lstatSync(path);
  assert.equal(info.uid, 0, path);
  return info.isSymlink ? "link" : "0" + ((info.mode ?? 0) & 0o7777).toString(8);
}
