import { equal } from "node:assert/strict";
import { encodeState } from "../../lib/sync/state.ts";
import { recordSystem } from "../../lib/nix/system_record.ts";
import { isBuiltFrom } from "../../lib/update/built_from.ts";
import { testContext } from "../support/context.ts";

const COMMIT = "a".repeat(40);
const OTHER = "b".repeat(40);
const RUNNING = "/nix/store/11111111111111111111111111111111-nixos-system-one";
const BOOTED = "/nix/store/22222222222222222222222222222222-nixos-system-two";

interface Case {
  readonly recorded?: string | null;
  readonly synced?: string;
  readonly bootDefault?: string;
  readonly changed?: boolean;
  readonly action?: "build" | "test" | "switch";
  /** What the running system is a specialisation of. */
  readonly base?: string;
}

/** The system was activated at noon. */
function judge(given: Case): boolean {
  const root = Deno.makeTempDirSync({ prefix: "built-from-" });
  try {
    const ctx = testContext({ root, now: () => new Date("2026-01-01T12:00:00.000Z") });
    const link = (path: string, target: string) => {
      Deno.mkdirSync(root + path.replace(/\/[^/]*$/, ""), { recursive: true });
      Deno.symlinkSync(target, root + path);
    };
    for (const system of [RUNNING, BOOTED]) Deno.mkdirSync(root + system, { recursive: true });
    link("/run/current-system", RUNNING);
    link("/nix/var/nix/profiles/system", given.bootDefault ?? RUNNING);
    Deno.mkdirSync(`${root}/var/lib/hyper-nixos/sync`, { recursive: true });
    const time = given.synced ?? "2026-01-01T11:59:59.000Z";
    Deno.writeTextFileSync(
      `${root}/var/lib/hyper-nixos/sync/state.json`,
      encodeState({ version: 1, repository: "o/n", commit: COMMIT, ref: "main", time }),
    );
    if (given.recorded !== undefined) {
      const commit = given.recorded;
      recordSystem(ctx, {
        toplevel: RUNNING,
        flake: "path:/x",
        host: "h",
        commit,
        facts: null,
        ...(given.base === undefined ? {} : { specialisation: { base: given.base, name: "s" } }),
      });
    }
    const summary = { commit: COMMIT, changed: given.changed ?? false };
    return isBuiltFrom(ctx, summary, given.action ?? "switch");
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const cases: readonly (readonly [what: string, given: Case, built: boolean])[] = [
  ["the record names the commit", { recorded: COMMIT }, true],
  ["nothing is recorded of the running system", {}, false],
  ["its commit was not known", { recorded: null }, false],
  ["it was built from another commit", { recorded: OTHER }, false],
  ["the tree was changed by this sync", { recorded: COMMIT, changed: true }, false],
  [
    "the tree was changed after the activation",
    { recorded: COMMIT, synced: "2026-01-01T12:00:01.000Z" },
    false,
  ],
  ["another system is the boot default", { recorded: COMMIT, bootDefault: BOOTED }, false],
  ["a specialisation of the boot default runs", {
    recorded: COMMIT,
    bootDefault: BOOTED,
    base: BOOTED,
  }, true],
  ["a specialisation of another system runs", { recorded: COMMIT, base: BOOTED }, false],
  [
    "another one is the boot default, and only a test is wanted",
    { recorded: COMMIT, bootDefault: BOOTED, action: "test" },
    true,
  ],
];

for (const [what, given, built] of cases) {
  Deno.test(`isBuiltFrom() says ${built ? "yes" : "no"} when ${what}`, () => {
    equal(judge(given), built);
  });
}
