import { doesNotThrow, throws } from "node:assert/strict";
import { type HelperOptions, requireOneTask } from "../../lib/rebuild/helper_options.ts";

type Given = Readonly<Record<string, unknown>>;

function refused(given: Given) {
  const nothing = { listGenerations: false, rollback: false, confirmed: false, clean: false };
  requireOneTask({ ...nothing, handedOn: [], ...given } as unknown as HelperOptions);
}

Deno.test("requireOneTask() takes each command line that asks for one thing", () => {
  const good: readonly Given[] = [
    ...["build", "dry-build", "dry-activate", "test", "switch", "boot"].map((action) => ({
      action,
    })),
    { listGenerations: true },
    { listGenerations: true, keep: 3 },
    { clean: true, keep: 1, keepSince: 0 },
    { confirmed: true },
    { rollback: true },
    { rollback: true, action: "test", to: 4, confirm: 60 },
    { rollback: true, confirm: 60, specialisation: "quiet" },
    { action: "switch", confirm: 0, handedOn: ["--offline"], specialisation: "quiet" },
    { action: "boot", specialisation: false },
    { action: "switch", storePath: "./result" },
    { action: "switch", storePath: "./result", evaluated: "/e" },
    { action: "build", buildHost: "b" },
  ];
  for (const given of good) doesNotThrow(() => refused(given), JSON.stringify(given));
});

Deno.test("requireOneTask() refuses nothing, two things, and options of something else", () => {
  const bad: readonly (readonly [Given, RegExp])[] = [
    [{}, /no action was named/],
    [{ clean: true, rollback: true }, /--rollback and --clean exclude each other/],
    [{ clean: true, action: "switch" }, /--clean takes no action/],
    [{ confirmed: true, handedOn: ["-v"] }, /--confirmed hands nothing on to Nix/],
    [{ rollback: true, action: "build" }, /--rollback cannot build/],
    [{ rollback: true, action: "dry-activate" }, /--rollback cannot dry-activate/],
    [{ action: "boot", confirm: 60 }, /--confirm goes with/],
    [{ action: "build", confirm: 0 }, /--confirm goes with/],
    [{ action: "switch", to: 4 }, /--to goes with --rollback/],
    [{ action: "switch", evaluated: "/e" }, /--evaluated goes with --store-path/],
    [{ rollback: true, storePath: "./result" }, /--store-path names the whole system/],
    [
      { action: "switch", storePath: "./result", flake: "." },
      /--store-path names the whole system/,
    ],
    [{ action: "switch", storePath: "./result", handedOn: ["-v"] }, /--store-path names/],
    [{ action: "switch", storePath: "./result", buildHost: "b" }, /--build-host goes with/],
    [{ clean: true, buildHost: "b" }, /--build-host goes with/],
    [{ action: "dry-build", buildHost: "b" }, /dry-build cannot say/],
    [{ action: "boot", specialisation: "quiet" }, /--specialisation goes with/],
    [{ rollback: true, action: "boot", specialisation: "quiet" }, /--specialisation goes with/],
    [{ action: "switch", keep: 3 }, /--keep and --keep-since go with/],
    [{ action: "switch", keepSince: 0 }, /--keep and --keep-since go with/],
  ];
  for (const [given, message] of bad) {
    throws(() => refused(given), { name: "ToolError", code: 4, message }, JSON.stringify(given));
  }
});
