import { deepEqual, equal, match } from "node:assert/strict";
import { renderStyles } from "../../lib/layout/style.ts";
import type { Generation } from "../../lib/nix/generations.ts";
import type { RebuildResult } from "../../lib/rebuild/rebuild_system.ts";
import { renderClean, renderGenerations, reportRebuild } from "../../lib/rebuild/report.ts";
import { testContext } from "../support/context.ts";

function generation(changes: Partial<Generation>): Generation {
  return {
    number: 1,
    toplevel: `/nix/store/${"a".repeat(32)}-nixos-system-a`,
    made: new Date("2026-06-15T23:59:59Z"),
    isDefault: false,
    isRunning: false,
    isBooted: false,
    specialisations: [],
    nixosVersion: "24.05.20240710.a046c12",
    kernelVersion: "6.6.36",
    configurationRevision: undefined,
    ...changes,
  };
}

const lines = (text: string) => renderStyles(text).split("\n").map((line) => line.trim());

Deno.test("renderGenerations() lists what there is, and what runs without being among it", () => {
  const all = [
    generation({ number: 8, nixosVersion: undefined, kernelVersion: undefined }),
    generation({ number: 10, isDefault: true, isBooted: true }),
  ];
  const running = { toplevel: "/nix/store/t", nixosVersion: "24.11", kernelVersion: undefined };
  const [head, old, now, tested, ...more] = lines(renderGenerations(all, running, [8], 100));
  match(head!, /^Generation +Made \(UTC\) +NixOS +Kernel$/);
  match(old!, /^8 +2026-06-15 23:59:59 +\? +\? +--clean removes it$/);
  match(now!, /^10 +2026-06-15 23:59:59 +24\.05\S+ +6\.6\.36 +default, booted$/);
  match(tested!, /^none +– +24\.11 +\? +running$/);
  deepEqual(more, []);
  equal(renderGenerations([], undefined, [], 80), "there are no generations");
  match(renderGenerations([], running, [], 80), /none/);
});

Deno.test("renderClean() says of each generation why it stays, and what room is won", () => {
  const entries = [
    { generation: generation({ number: 1 }), kept: [] },
    { generation: generation({ number: 2 }), kept: ["boots", "runs"] },
  ];
  const [, first, second, freed] = lines(renderClean(entries, 50 * 1024 * 1024, 100));
  match(first!, /^remove +1 +2026-06-15$/);
  match(second!, /^keep +2 +2026-06-15 +boots, runs$/);
  match(freed!, /^frees 50(\.0)? MiB where the boot loader keeps kernels$/);
  equal(lines(renderClean(entries, 0, 100)).length, 3);
});

Deno.test("reportRebuild() says no more than what was done", () => {
  const system = `/nix/store/${"b".repeat(32)}-nixos-system-web-24.05`;
  const said = (changes: Partial<RebuildResult>) => {
    const ctx = testContext();
    const nothing = { generation: null, toplevel: null };
    reportRebuild(ctx, {
      action: "build",
      host: "web",
      toplevel: system,
      before: nothing,
      after: nothing,
      ...changes,
    });
    return ctx.messages("info");
  };
  deepEqual(said({ log: "/var/log/nixos/x.log" }), [
    `built ${system}; nothing was activated`,
    "log: /var/log/nixos/x.log",
  ]);
  deepEqual(said({ action: "dry-build", toplevel: undefined }), [
    "this is what a build of web would build and fetch",
  ]);
  deepEqual(said({ action: "dry-activate" }), [
    `built ${system}; above is what its activation would do`,
  ]);
  // A mounted machine: installed, and nothing runs of it.
  deepEqual(said({ action: "switch", after: { generation: 3, toplevel: system } }), [
    `built ${system}`,
    "installed: generation 3, web-24.05",
  ]);
});
