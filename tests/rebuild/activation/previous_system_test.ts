import { equal } from "node:assert/strict";
import { generationBefore, systemBefore } from "../../../lib/rebuild/activation/previous_system.ts";
import { testContext } from "../../support/context.ts";
import { plant, type ScratchEntry } from "../../support/scratch_files.ts";

const system = (name: string) => `/nix/store/${name.repeat(32).slice(0, 32)}-nixos-system-${name}`;

interface Machine {
  /** Names of systems by generation number. */
  readonly generations: Readonly<Record<number, string>>;
  /** Number of the boot default. */
  readonly isDefault: number;
  readonly runs: string;
  readonly booted: string;
  /** Systems that have the system named as their specialisation. */
  readonly specialisations?: Readonly<Record<string, string>>;
}

function onMachine<T>(machine: Machine, ask: (ctx: ReturnType<typeof testContext>) => T): T {
  const root = Deno.makeTempDirSync();
  try {
    const { generations, isDefault, runs, booted, specialisations = {} } = machine;
    const names = [...Object.values(generations), runs, booted];
    const files: Record<string, ScratchEntry> = {
      "run/current-system": { link: system(runs) },
      "run/booted-system": { link: system(booted) },
      "nix/var/nix/profiles/system": { link: `system-${isDefault}-link` },
    };
    for (const name of names) files[`${system(name).slice(1)}/nixos-version`] = "24.05";
    for (const [number, name] of Object.entries(generations)) {
      files[`nix/var/nix/profiles/system-${number}-link`] = { link: system(name) };
    }
    for (const [base, own] of Object.entries(specialisations)) {
      files[`${system(base).slice(1)}/specialisation/own`] = { link: system(own) };
    }
    plant(root, files);
    return ask(testContext({ root }));
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const settled: Machine = {
  generations: { 1: "a", 2: "b" },
  isDefault: 2,
  runs: "b",
  booted: "b",
};

Deno.test("systemBefore() goes back to what was booted and runs, else to what boots, never to the new one", () => {
  const tested: Machine = { ...settled, runs: "t" };
  const specialised: Machine = { ...settled, runs: "s", specialisations: { b: "s" } };
  const table:
    readonly (readonly [string, Machine, string, "switch" | "test" | "boot", unknown])[] = [
      ["settled", settled, "n", "switch", "b"],
      ["settled, to boot", settled, "n", "boot", "b"],
      ["after a test", tested, "n", "switch", "b"],
      ["a tested one made the default", tested, "t", "switch", "b"],
      ["a tested one, to boot", tested, "n", "boot", "b"],
      ["the default again, from a test", tested, "b", "switch", "t"],
      ["of a specialisation", specialised, "n", "switch", "s"],
      ["of a specialisation, to boot", specialised, "n", "boot", "b"],
      [
        "another default waits for its boot",
        { ...settled, runs: "a", booted: "a" },
        "n",
        "test",
        "a",
      ],
      ["one that waits for its boot", { ...settled, runs: "a", booted: "a" }, "b", "switch", "a"],
      ["the only one", { ...settled, generations: { 2: "b" } }, "b", "switch", undefined],
    ];
  for (const [what, machine, next, action, expected] of table) {
    const found = onMachine(machine, (ctx) => systemBefore(ctx, system(next), action));
    equal(found, expected && system(expected as string), what);
  }
});

Deno.test("generationBefore() is the newest one before the default that is another system", () => {
  const table: readonly (readonly [string, Machine, number | undefined])[] = [
    ["two", settled, 1],
    [
      "the same one again",
      { ...settled, generations: { 1: "a", 2: "b", 9: "b" }, isDefault: 9 },
      1,
    ],
    ["numbers, not names", { ...settled, generations: { 9: "a", 10: "b" }, isDefault: 10 }, 9],
    [
      "what came after is not before",
      { ...settled, isDefault: 1, runs: "a", booted: "a" },
      undefined,
    ],
    ["one alone", { ...settled, generations: { 2: "b" } }, undefined],
  ];
  for (const [what, machine, expected] of table) {
    equal(onMachine(machine, generationBefore)?.number, expected, what);
  }
});
