/**
 * Every place where a tool reads, writes or looks on a mounted disk (support/hostile/places.ts), with
 * everything that a stranger could have put there (plants.ts): nothing outside the disk is another, no
 * tool waits, and what is said is no bug. HYPERVISOR_TEST_ALL_PLACES=1 tries every kind at every place,
 * which takes an hour; otherwise what validator looks at has every kind, and each other place has one.
 */
import { deepEqual, doesNotMatch, ok } from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { Outside } from "../support/hostile/outside.ts";
import { plantAt, remove } from "../support/hostile/plant_at.ts";
import { type Command, COMMANDS, type Place, PLACES } from "../support/hostile/places.ts";
import { type Plant, PLANTS } from "../support/hostile/plants.ts";
import { mustRun } from "../support/must_run.ts";
import { needsNix } from "../support/needs.ts";
import { UpdatableMachine, type UpdatedMachine } from "../update/updated_machine.ts";
import { type InstallerSource, source } from "./installer.ts";

const ALL = Deno.env.get("HYPERVISOR_TEST_ALL_PLACES") === "1";

/** One run: what is planted where, and what is started then. */
interface Case {
  readonly plants: readonly (readonly [Place, Plant])[];
  readonly command: Command;
}

/** Those kinds that can be at a place. */
function fitting({ path }: Place): Plant[] {
  return PLANTS.filter(({ only }) => only?.test(path) ?? true);
}

function cases(): Case[] {
  if (ALL) {
    return PLACES.flatMap((place) =>
      fitting(place).flatMap((plant) =>
        place.commands.map((command) => ({ plants: [[place, plant] as const], command }))
      )
    );
  }
  // It goes on to the next check, whatever it finds.
  const looked = PLACES.filter(({ kind, commands }) =>
    kind === "file" && commands.some((command) => command === "look" || command === "fix")
  );
  return [
    ...PLANTS.map((plant): Case => ({
      plants: looked.filter((place) => fitting(place).includes(plant))
        .map((place) => [place, plant] as const),
      command: "fix",
    })),
    ...PLACES.filter((place) => !looked.includes(place)).map((place, index): Case => {
      const kinds = fitting(place);
      return {
        plants: [[place, kinds[(index * 7) % kinds.length]!]],
        command: place.commands[0],
      };
    }),
  ];
}

needsNix("tools with --root hold at every place where they look", async () => {
  await using from = await UpdatableMachine.install();
  using updated = from.copy();
  using sources = source();
  // So that there is something everywhere.
  for (const command of ["switch", "sync"] as const) {
    const [tool, ...args] = COMMANDS[command];
    const { code, stderr } = await runTool(tool, args, { ...updated.launch });
    deepEqual([command, code], [command, 0], stderr);
  }
  const tried = cases();
  for (const one of tried) await tryOne(one, updated, sources);
  ok(tried.length > PLANTS.length);
});

async function tryOne(
  { plants, command }: Case,
  { machine, launch }: UpdatedMachine,
  sources: InstallerSource,
): Promise<void> {
  const root = Deno.makeTempDirSync({ prefix: "hostile-" });
  try {
    mustRun("cp", ["-a", `${machine.root}/.`, root]);
    using outside = new Outside();
    for (const [place, plant] of plants) plantAt(root, place, plant, outside);
    const [tool, ...words] = COMMANDS[command] as readonly string[];
    const args = words.map((word) => word === "SOURCE" ? sources.path : word);
    const { inside: _, ...around } = launch;
    const { code, stdout, stderr } = await runTool(tool!, args, { ...around, root });
    const what = plants.length > 1
      ? `${plants[0]![1].name} everywhere`
      : plants.map(([place, plant]) => `${plant.name} at ${place.path}`).join();
    const said = `${tool} ${args.join(" ")}, ${what}: exit ${code}\n${stdout}${stderr}`;
    deepEqual(outside.changes(), [], said);
    ok(code <= 6, said);
    doesNotMatch(stdout + stderr, /this is a bug|precious/, said);
  } finally {
    remove(root);
  }
}
