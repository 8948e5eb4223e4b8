import assert from "node:assert/strict";

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const page = Deno.readTextFileSync(`${REPOSITORY}/docs/architecture.md`);

interface Import {
  /** Paths in the repository. */
  readonly from: string;
  readonly to: string;
}

const imports = ["lib", "cmd"].flatMap(sources).flatMap(importsOf);

function sources(folder: string): string[] {
  return [...Deno.readDirSync(`${REPOSITORY}/${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? sources(path) : name.endsWith(".ts") ? [path] : [];
  });
}

function importsOf(from: string): Import[] {
  const text = Deno.readTextFileSync(`${REPOSITORY}/${from}`);
  const statements = /^(?:import|export) [^;]*?from "(\.[^"]+)"|import\("(\.[^"]+)"\)/gm;
  return [...text.matchAll(statements)].map(([, always, later]) => ({
    from,
    to: new URL((always ?? later)!, `file:///${from}`).pathname.slice(1),
  }));
}

/** The layer of a path: `cmd`, or the folder below lib. */
function layer(path: string): string {
  return path.startsWith("lib/") ? path.split("/")[1]! : path.split("/")[0]!;
}

Deno.test("every import is an arrow of docs/architecture.md", () => {
  const arrows = new Set(
    [...page.matchAll(/^ {2}(\w+) --> (\w+)$/gm)].map(([, a, b]) => `${a} ${b}`),
  );
  assert.ok(arrows.size > 20, "the diagram was not found");
  const others = imports.filter(({ from, to }) =>
    to.endsWith(".ts") && layer(from) !== layer(to) && !arrows.has(`${layer(from)} ${layer(to)}`)
  );
  assert.deepEqual(others.map(({ from, to }) => `${from} imports ${to}`), []);
  const drawn = new Set(imports.map(({ from, to }) => `${layer(from)} ${layer(to)}`));
  assert.deepEqual([...arrows].filter((arrow) => !drawn.has(arrow)), [], "nothing goes there");
});

Deno.test("validator takes of smart-sync only what that leaves behind", () => {
  const sideways = imports.filter(({ from, to }) =>
    layer(from) === "validate" && layer(to) === "sync"
  );
  assert.deepEqual(sideways.map(({ to }) => to).sort(), [
    "lib/sync/state.ts",
  ]);
});

Deno.test("no file of the sources imports itself by a way round, for types neither", () => {
  const needs = new Map<string, string[]>();
  for (const { from, to } of imports) needs.set(from, [...needs.get(from) ?? [], to]);
  const done = new Set<string>();
  const look = (path: string, way: readonly string[]): void => {
    assert.ok(!way.includes(path), `a cycle: ${[...way, path].join(" → ")}`);
    if (done.has(path)) return;
    for (const next of needs.get(path) ?? []) look(next, [...way, path]);
    done.add(path);
  };
  for (const path of needs.keys()) look(path, []);
});

Deno.test("docs/architecture.md lays out the folders that there are", () => {
  for (const [, folder] of page.matchAll(/^\| `tests\/([a-z0-9]+)`/gm)) {
    assert.ok(Deno.statSync(`${REPOSITORY}/tests/${folder}`).isDirectory);
  }
  for (const { name, isDirectory } of Deno.readDirSync(`${REPOSITORY}/lib`)) {
    if (isDirectory) assert.match(page, new RegExp(`^ {2}${name}\\[`, "m"));
  }
});

Deno.test("what is exported says what it is", () => {
  const bare = ["lib", "cmd"].flatMap(sources).flatMap((path) => {
    const lines = Deno.readTextFileSync(`${REPOSITORY}/${path}`).split("\n");
    const exported =
      /^export (?:async )?(?:abstract )?(?:function\*?|class|interface|type|const) (\w+)/;
    return lines.flatMap((line, index) => {
      const name = exported.exec(line)?.[1];
      // The forms of an overloaded function share their comment.
      const isFirst = lines.findIndex((other) => exported.exec(other)?.[1] === name) === index;
      return name && isFirst && !lines[index - 1]?.endsWith("*/") ? [`${path}: ${name}`] : [];
    });
  });
  assert.deepEqual(bare, []);
});

Deno.test("a name that is exported means one thing in all of lib", () => {
  const owners = new Map<string, Set<string>>();
  for (const path of sources("lib")) {
    const text = Deno.readTextFileSync(`${REPOSITORY}/${path}`);
    const exported = /^export (?:async )?(?:function\*?|class|interface|type|const) (\w+)/gm;
    for (const [, name] of text.matchAll(exported)) {
      // A type may have the name of the table that its values come from.
      owners.set(name!, (owners.get(name!) ?? new Set()).add(path));
    }
  }
  const several = [...owners].filter(([, paths]) => paths.size > 1);
  assert.deepEqual(several.map(([name, paths]) => `${name}: ${[...paths].join(", ")}`), []);
});

Deno.test("temporary folders are made where it is looked at who else can write there", () => {
  const makers = ["lib", "cmd"].flatMap(sources)
    .filter((path) => Deno.readTextFileSync(`${REPOSITORY}/${path}`).includes("makeTempDir"));
  assert.deepEqual(makers, ["lib/machine/files/temporary.ts"]);
});
