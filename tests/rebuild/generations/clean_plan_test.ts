/** What `--clean` may never remove: what runs, boots, was booted, or is a way back. */
import { deepEqual, rejects } from "node:assert/strict";
import { generations } from "../../../lib/nix/generations.ts";
import { cleanPlan, cleanRule } from "../../../lib/rebuild/generations/clean_plan.ts";
import { mustRun } from "../../support/must_run.ts";
import { testContext } from "../../support/context.ts";
import { newReceipt } from "../../support/receipt.ts";
import { plant, type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const NOW = new Date("2026-06-15T12:00:00Z");
const PROFILES = "nix/var/nix/profiles";
const system = (name: string) => `/nix/store/${name.repeat(32)}-nixos-system-${name}`;

interface Machine {
  /** Names of systems by number, and the day on which each was made, if not in 2020. */
  readonly all: Readonly<Record<number, string | readonly [name: string, made: string]>>;
  readonly boots: number;
  readonly runs?: string;
  readonly booted?: string;
  readonly files?: Readonly<Record<string, ScratchEntry>>;
  readonly rule?: Parameters<typeof cleanRule>[0];
}

/** What is removed, and why the others stay, by number. */
async function planned(machine: Machine) {
  const { all, boots, runs, booted, files = {}, rule = { keep: 1, keepSince: 0 } } = machine;
  let plan: Record<number, readonly string[]> = {};
  await withScratch({}, async (root) => {
    for (const [number, one] of Object.entries(all)) {
      const [name, made] = typeof one === "string" ? [one, "2020-01-01"] : one;
      plant(root, { [`${system(name).slice(1)}/nixos-version`]: "24.05" });
      plant(root, { [`${PROFILES}/system-${number}-link`]: { link: system(name) } });
      mustRun("touch", [
        "-h",
        "-d",
        `${made}T00:00:00Z`,
        `${root}/${PROFILES}/system-${number}-link`,
      ]);
    }
    const at = (name: string): ScratchEntry => {
      plant(root, { [`${system(name).slice(1)}/sw/`]: "" });
      return { link: system(name) };
    };
    plant(root, {
      [`${PROFILES}/system`]: { link: `system-${boots}-link` },
      ...(runs ? { "run/current-system": at(runs) } : {}),
      ...(booted ? { "run/booted-system": at(booted) } : {}),
      ...files,
    });
    const ctx = testContext({ root, now: () => NOW });
    const entries = await cleanPlan(ctx, generations(ctx), cleanRule(rule));
    plan = Object.fromEntries(entries.map(({ generation, kept }) => [generation.number, kept]));
  });
  return plan;
}

Deno.test("cleanPlan() keeps what runs, boots, was booted and a rollback would bring, whatever the rule", async () => {
  deepEqual(
    await planned({
      all: { 3: "a", 7: "b", 8: "c", 9: "d", 12: "e" },
      boots: 9,
      runs: "c",
      booted: "a",
    }),
    {
      3: ["was booted"],
      7: [],
      8: ["runs", "--rollback leads to it"],
      9: ["boots"],
      12: ["of the newest 1"],
    },
  );
});

Deno.test("cleanPlan() keeps the system of which a specialisation runs", async () => {
  const own = `${system("b").slice(1)}/specialisation/dark`;
  const kept = await planned({
    all: { 1: "a", 2: "b", 3: "c", 4: "d" },
    boots: 4,
    runs: "s",
    booted: "d",
    files: { [own]: { link: system("s") } },
  });
  deepEqual(kept[2], ["runs"]);
  deepEqual(kept[1], []);
});

Deno.test("cleanPlan() counts the newest by number, and days by the age of the link", async () => {
  const all = {
    1: ["a", "2026-06-10"],
    2: "b",
    3: ["c", "2026-06-01"],
    4: "d",
    5: ["e", "2027-01-01"],
    6: "f",
  } as const;
  const removed = async (rule: NonNullable<Machine["rule"]>) => {
    const kept = await planned({ all, boots: 6, runs: "f", booted: "f", rule });
    return Object.keys(kept).filter((number) => kept[Number(number)]!.length === 0).map(Number);
  };
  // 5 is where a rollback leads, and was made when the clock was wrong.
  deepEqual(await removed({ keep: 1, keepSince: 0 }), [1, 2, 3, 4]);
  deepEqual(await removed({ keep: 1, keepSince: 7 }), [2, 3, 4]);
  deepEqual(await removed({ keep: 3, keepSince: 30 }), [2]);
  deepEqual(await removed({ keep: 100, keepSince: 0 }), []);
  deepEqual(await removed({ keep: undefined, keepSince: undefined }), []);
  deepEqual(cleanRule({}), { keep: 5, keepSince: 14 });
});

Deno.test("cleanPlan() keeps the ways back of installations that can be undone", async () => {
  const receipt = (state: "activated" | "undone" | "reverted" | "applied") =>
    JSON.stringify(
      newReceipt({ state, previousSystem: system("a"), previousDefault: system("b") }),
    );
  const kept = async (state: Parameters<typeof receipt>[0]) =>
    await planned({
      all: { 1: "a", 2: "b", 3: "c", 4: "d", 5: "e" },
      boots: 5,
      runs: "e",
      booted: "e",
      files: { "var/lib/hyper-nixos/receipts/2026-11-24T06-00-00-000Z.json": receipt(state) },
    });
  const why = ["way back of the installation of 2026-11-24"];
  for (const state of ["activated", "applied"] as const) {
    const { 1: a, 2: b, 3: c } = await kept(state);
    deepEqual([a, b, c], [why, why, []], state);
  }
  for (const state of ["undone", "reverted"] as const) {
    const { 1: a, 2: b } = await kept(state);
    deepEqual([a, b], [[], []], state);
  }
});

Deno.test("cleanPlan() removes nothing beside a receipt that it does not understand", async () => {
  await rejects(
    planned({
      all: { 1: "a", 2: "b" },
      boots: 2,
      files: { "var/lib/hyper-nixos/receipts/2026-11-24T06-00-00-000Z.json": "{" },
    }),
    { code: 6 },
  );
});

Deno.test("cleanPlan() keeps what an activation that is not settled may need", async () => {
  const status = (phase: string) =>
    JSON.stringify({
      version: 1,
      id: "20260615T110000Z-00000000",
      action: "switch",
      toplevel: system("c"),
      previous: system("a"),
      previousDefault: system("b"),
      log: "/x",
      bootId: "b",
      confirmSeconds: 60,
      failedBefore: [],
      pid: 1,
      phase,
      activateCode: 0,
      profileCode: null,
      bootCode: null,
      restoreCode: null,
      goBackCode: null,
      updated: 0,
    });
  const kept = async (phase: string) => {
    const file = "var/lib/hyper-nixos/activations/20260615T110000Z-00000000.json";
    const plan = await planned({
      all: { 1: "a", 2: "b", 3: "c", 4: "d", 5: "e", 6: "f" },
      boots: 6,
      runs: "f",
      booted: "f",
      files: { [file]: status(phase) },
    });
    return [1, 2, 3, 4].map((number) => plan[number]);
  };
  const why = ["an activation is not settled"];
  deepEqual(await kept("awaiting-confirmation"), [why, why, why, []]);
  deepEqual(await kept("done"), [[], [], [], []]);
});
