/** Where a host is staged, without evaluating it. */
import assert from "node:assert/strict";
import { stageHost } from "../../../lib/install/plan/staged_host.ts";
import type { Source } from "../../../lib/install/source/source.ts";
import type { Step } from "../../../lib/install/step.ts";
import type { HostBase } from "../../../lib/machine/host_record.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

function source(from: string, changes: Partial<Source> = {}): Source {
  return {
    listing: {
      from,
      entries: [
        { path: "flake.nix", kind: "file", executable: false, size: 4 },
        { path: "nix", kind: "directory" },
        { path: "nix/host.nix", kind: "file", executable: false, size: 4 },
      ],
      bytes: 8,
      skipped: [],
    },
    layout: "native",
    foundBy: "--source",
    named: true,
    inPlace: false,
    origin: undefined,
    cache: undefined,
    ...changes,
  };
}

const FILES = {
  "source/flake.nix": "{ }\n",
  "source/nix/host.nix": "{ }\n",
  "source/secret.key": "not listed\n",
  "machine/etc/": "",
};
const STEPS: readonly Step[] = [
  {
    kind: "file",
    id: "host.json",
    title: "name the host",
    why: "a test",
    path: "/etc/hypervisor/configuration/host.json",
    mode: 0o644,
    content: "{}\n",
  },
  {
    kind: "secret",
    id: "password-ana",
    title: "keep the password",
    why: "a test",
    path: "/var/lib/hyper-nixos/passwords/ana",
    mode: 0o600,
    content: "$6$abc\n",
  },
];
const CHANNEL: HostBase = {
  kind: "channel",
  configuration: "/etc/nixos/configuration.nix",
  searchPath: ["nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos"],
};

/** Every file below a folder, by its path there. */
function filesBelow(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) =>
    entry.isDirectory
      ? filesBelow(`${folder}/${entry.name}`, `${prefix}${entry.name}/`)
      : [prefix + entry.name]
  ).sort();
}

Deno.test("stageHost() on a base writes what the plan would, no secret, and nothing stays", async () => {
  await withScratch(FILES, async (folder) => {
    const temporary = Deno.makeTempDirSync();
    const ctx = testContext({ root: `${folder}/machine`, env: { TMPDIR: temporary } });
    let root = "";
    {
      using staged = await stageHost(ctx, source(`${folder}/source`), "host", CHANNEL, STEPS);
      const { configuration } = staged;
      assert.ok(configuration.kind === "onBase");
      assert.deepEqual([configuration.tree, configuration.host], [`${folder}/source`, "host"]);
      // The machine's own channels, not those of who plans.
      assert.match(configuration.env.NIX_PATH ?? "", /^nixpkgs=.*channels\/nixos$/);
      root = configuration.env.HYPERVISOR_STAGED!;
      assert.deepEqual(filesBelow(root), ["etc/hypervisor/configuration/host.json"]);
      assert.equal((Deno.statSync(root).mode ?? 0) & 0o077, 0);
    }
    assert.throws(() => Deno.statSync(root), Deno.errors.NotFound);
    Deno.removeSync(temporary, { recursive: true });
  });
});

Deno.test("stageHost() without a base gives Nix a copy of what is listed of the source, and no more", async () => {
  await withScratch(FILES, async (folder) => {
    const ctx = testContext({ root: `${folder}/machine` });
    using staged = await stageHost(ctx, source(`${folder}/source`), "host", null, STEPS);
    const { configuration } = staged;
    assert.ok(configuration.kind === "flake");
    const tree = configuration.flake.directory!;
    assert.equal(configuration.flake.url, `path:${tree}`);
    assert.notEqual(tree, `${folder}/source`);
    assert.deepEqual(filesBelow(tree), ["flake.nix", "nix/host.nix"]);
    // An installed tree is read where it lies.
    const installed = source(`${folder}/source`, { inPlace: true });
    using inPlace = await stageHost(ctx, installed, "host", null, STEPS);
    assert.ok(inPlace.configuration.kind === "flake");
    assert.equal(inPlace.configuration.flake.directory, `${folder}/source`);
  });
});

Deno.test("stageHost() of a published tree is a pure flake beside it, with the owner's local.nix", async () => {
  const local = '{ time.timeZone = "Asia/Tokyo"; }\n';
  await withScratch(
    { ...FILES, "machine/etc/hypervisor/host/local.nix": local },
    async (folder) => {
      const ctx = testContext({ root: `${folder}/machine` });
      const published = source(`${folder}/source`, { layout: "published" });
      const step: Step = { ...STEPS[0]!, path: "/etc/hypervisor/host/flake.nix" } as Step;
      using staged = await stageHost(ctx, published, "host", null, [step]);
      const { configuration } = staged;
      assert.ok(configuration.kind === "flake");
      const { directory, pure, inputs } = configuration.flake;
      assert.equal(pure, true);
      assert.deepEqual(filesBelow(directory!), ["flake.nix", "local.nix"]);
      assert.equal(Deno.readTextFileSync(`${directory}/local.nix`), local);
      assert.match(inputs?.tree ?? "", /^path:.*\/etc\/hypervisor\/src$/);
    },
  );
});

Deno.test("stageHost() leaves nothing where the source goes away meanwhile", async () => {
  await withScratch(FILES, async (folder) => {
    const temporary = Deno.makeTempDirSync();
    const ctx = testContext({ root: `${folder}/machine`, env: { TMPDIR: temporary } });
    Deno.removeSync(`${folder}/source/nix`, { recursive: true });
    await assert.rejects(stageHost(ctx, source(`${folder}/source`), "host", null, STEPS));
    assert.deepEqual([...Deno.readDirSync(temporary)], []);
    Deno.removeSync(temporary);
  });
});
