/**
 * The layers of lib/ and who may import whom: arrows point down, none goes round. What README.md says in
 * a sentence is checked here for every import of every file.
 */
import { deepEqual, ok } from "node:assert/strict";
import { dirname, join } from "node:path";

/** What each layer may use. `program` is what every executable shares; see `TYPES_OF` for the others. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  cmd: ["install", "update", "sync", "rebuild", "validate", "program", "machine"],
  install: ["sync", "rebuild", "github", "nix", "machine"],
  update: ["validate", "sync", "rebuild", "github", "nix", "machine"],
  sync: ["github", "nix", "machine"],
  rebuild: ["github", "nix", "machine"],
  validate: ["github", "nix", "machine"],
  github: ["machine"],
  nix: ["machine"],
  program: ["machine"],
  machine: [],
};
/** The layer whose types everyone may import, because it hands everyone a Context. */
const TYPES_OF = "program";
/** Pure functions of text, for whatever prints. */
const FOR_ALL = ["lib/program/style.ts", "lib/program/table.ts"];
/** validator also reads what smart-sync left. */
const EXCEPTIONS = [
  "lib/validate/checks/synced_tree.ts -> lib/sync/exclusions.ts",
  "lib/validate/checks/synced_tree.ts -> lib/sync/state.ts",
];

const REPOSITORY = new URL("..", import.meta.url).pathname;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

Deno.test("every import of cmd/ and lib/ points down, apart from the exceptions named here", () => {
  const imports = readImports();
  ok(imports.length > 500, "the imports were found");
  const wrong = imports.filter(({ from, to, typesOnly }) => {
    const [one, other] = [layer(from), layer(to)];
    if (one === other || FOR_ALL.includes(to)) return false;
    return !(typesOnly && other === TYPES_OF) && !ALLOWED[one]?.includes(other);
  }).map(({ from, to }) => `${from} -> ${to}`);
  deepEqual([...new Set(wrong)].sort(), EXCEPTIONS);
});

Deno.test("no file of lib/ needs itself, by way of others", () => {
  const needs = Map.groupBy(
    readImports().filter(({ typesOnly }) => !typesOnly),
    ({ from }) => from,
  );
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    ok(!way.includes(file), `${[...way.slice(way.indexOf(file)), file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const { to } of needs.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of needs.keys()) visit(file, []);
});

/** `lib/nix/evaluate.ts` is of layer `nix`, `cmd/validator.ts` of `cmd`. */
function layer(path: string): string {
  const [top, folder] = path.split("/") as [string, string];
  return top === "lib" ? folder : top;
}

/** The imports of files by path; those of packages and of deno.json aside. */
function readImports(): Import[] {
  const statement =
    /^(?:import|export) ([^;"]*?) ?from "(\.[^"]+\.ts)"|\bimport\("(\.[^"]+\.ts)"\)/gms;
  return [...filesBelow("cmd"), ...filesBelow("lib")].flatMap((from) =>
    [...Deno.readTextFileSync(REPOSITORY + from).matchAll(statement)].map((match): Import => ({
      from,
      to: join(dirname(from), match[2] ?? match[3]!),
      typesOnly: match[1] !== undefined && isTypesOnly(match[1]),
    }))
  );
}

/** `type { A, B }`, or braces in which every name is a type. */
function isTypesOnly(clause: string): boolean {
  const names = /^\{(.*)\}$/s.exec(clause)?.[1]?.split(",").map((name) => name.trim());
  return clause.startsWith("type ") ||
    (names?.every((name) => name === "" || name.startsWith("type ")) ?? false);
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(REPOSITORY + folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? filesBelow(path) : name.endsWith(".ts") ? [path] : [];
  });
}
