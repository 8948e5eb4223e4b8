import { deepEqual, equal } from "node:assert/strict";
import { buildWithNix, type NixBuild } from "../../../lib/rebuild/building/build_with_nix.ts";
import type { BuildOptions } from "../../../lib/rebuild/building/run_build.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { standIns } from "../../support/stand_ins.ts";

const BUILT = `[{"drvPath":"/nix/store/d.drv","outputs":{"out":"/nix/store/x-nixos-system"}}]`;

/** What Nix was asked for, and what is taken of its answer. */
async function asked(build: NixBuild, host = "web", buildFlags: string[] = []) {
  using tools = standIns({ only: [] });
  Deno.chmodSync(`${tools.folder}/state`, 0o755);
  tools.set(
    "bin/nix",
    `#!/bin/sh\nprintf '%s\\n' "$@" > '${tools.folder}/state/args'\necho noise >&2\necho '${BUILT}'\n`,
    0o755,
  );
  let toplevel = "";
  await withScratch({}, async (root) => {
    const ctx = testContext({ root, env: { PATH: `${tools.folder}/state/bin:/usr/bin:/bin` } });
    const flake = { url: "path:/etc/hypervisor/src", pure: true };
    const options = { flake, host, buildFlags } as unknown as BuildOptions;
    ({ toplevel } = await buildWithNix(ctx, options, build));
    deepEqual(
      ctx.printed.filter((line) => line.includes("outputs")),
      [],
      "its answer is no output",
    );
  });
  return { args: tools.get("args")!.trim().split("\n"), toplevel };
}

Deno.test("buildWithNix() builds the attribute of one host, whatever its name, and keeps it by a link", async () => {
  const { args, toplevel } = await asked({ dry: false, link: "/keep/result" }, "web.example.org", [
    "--keep-going",
  ]);
  equal(toplevel, "/nix/store/x-nixos-system");
  equal(
    args.at(-1),
    'path:/etc/hypervisor/src#nixosConfigurations."web.example.org".config.system.build.toplevel',
  );
  deepEqual(args.slice(args.indexOf("--out-link")).slice(0, 2), ["--out-link", "/keep/result"]);
  deepEqual([args[0], args.includes("--keep-going"), args.includes("--no-link")], [
    "build",
    true,
    false,
  ]);
});

Deno.test("buildWithNix() builds nothing where it only says what it would build", async () => {
  const { args, toplevel } = await asked({ dry: true });
  deepEqual([toplevel, args.includes("--dry-run"), args.includes("--no-link")], ["", true, true]);
});

Deno.test("buildWithNix() makes no link here of what is built elsewhere", async () => {
  const ssh = { destination: "root@builder.example.org", options: [] };
  const { args } = await asked({ dry: false, link: "/keep/result", store: { ssh } as never });
  equal(args.includes("--out-link"), false);
  equal(args[args.indexOf("--eval-store") + 1], "auto");
  equal(args[args.indexOf("--store") + 1], "ssh-ng://root@builder.example.org");
});
