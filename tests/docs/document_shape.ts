import assert from "node:assert/strict";

/** A member as docs/json.md describes it. */
interface Member {
  readonly path: string;
  /** Of {@link kindOf}: what its value may be. */
  readonly kinds: readonly string[];
}

/** What a table calls the kinds of {@link kindOf}; a map is an object with members of any name. */
const KINDS = ["text", "number", "boolean", "list", "object", "map", "null"];

/** The members that each section of docs/json.md lists, by its heading without backticks. */
export function documentedShapes(page: string): Map<string, readonly Member[]> {
  return new Map(
    page.split(/^## /m).slice(1).map((section) => {
      const heading = section.slice(0, section.indexOf("\n")).replaceAll("`", "");
      const rows = section.matchAll(/^\| `([^`]+)` +\| ([a-z ]+?) +\|/gm);
      return [
        heading,
        [...rows].map(([, path = "", type = ""]) => ({ path, kinds: kindsOf(path, type) })),
      ];
    }),
  );
}

function kindsOf(path: string, type: string): string[] {
  const kinds = type.split(" or ");
  for (const kind of kinds) assert.ok(KINDS.includes(kind), `${path} is of unknown type "${kind}"`);
  return kinds;
}

/** Expects a document to have the members that are documented, no others, and of their types. */
export function expectShape(document: unknown, members: readonly Member[]): void {
  const seen = new Set<string>();
  const look = (value: unknown, path: string): void => {
    const described = members.filter((member) => member.path === path);
    if (path !== "" && !path.endsWith("[]")) {
      assert.equal(described.length, 1, `${path} is described ${described.length} times`);
      const { kinds } = described[0]!;
      const kind = kindOf(value);
      const is = kinds.includes(kind) || (kind === "object" && kinds.includes("map"));
      assert.ok(is, `${path} is ${kind}, described as ${kinds.join(" or ")}`);
      seen.add(path);
    }
    const inside = path !== "" && members.some((member) => member.path.startsWith(path + "."));
    if (path !== "" && !inside && !path.endsWith("[]") && !Array.isArray(value)) return;
    if (Array.isArray(value)) {
      if (!members.some((member) => member.path.startsWith(`${path}[].`))) return;
      for (const one of value) look(one, `${path}[]`);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        look(member, path === "" ? name : `${path}.${name}`);
      }
    }
  };
  look(document, "");
  for (const { path } of members) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf(".")));
    if (!seen.has(path)) assert.ok(!hasValue(document, parent), `${path} is missing`);
  }
}

/** Whether there is something at a path, in any element of the lists on the way. */
function hasValue(value: unknown, path: string): boolean {
  if (path === "") return typeof value === "object" && value !== null;
  const [name = "", ...rest] = path.split(".");
  const list = name.endsWith("[]");
  const member = (value as Record<string, unknown> | null)?.[list ? name.slice(0, -2) : name];
  if (list) return ((member ?? []) as unknown[]).some((one) => hasValue(one, rest.join(".")));
  return hasValue(member, rest.join("."));
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  return typeof value === "string" ? "text" : typeof value;
}
