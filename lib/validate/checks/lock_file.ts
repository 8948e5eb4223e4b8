import * as v from "valibot";
import { attempt } from "../../machine/attempt.ts";
import { readTextIfExists } from "../../machine/files/files.ts";
import { parsedAs } from "../../machine/parsed_as.ts";
import { places } from "../../machine/places.ts";
import { evaluateJson } from "../../nix/evaluation/evaluate.ts";
import { path as nixPath } from "../../nix/expressions/expression.ts";
import { printExpression } from "../../nix/expressions/expression_layout.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, warn } from "../check.ts";
import type { Facts } from "../facts.ts";

/** flake.lock, version 7 (Nix manual, "nix flake", Lock files); only what is compared. */
const LockSchema = v.object({
  version: v.number(),
  root: v.string(),
  nodes: v.record(
    v.string(),
    v.object({
      inputs: v.optional(v.record(v.string(), v.union([v.string(), v.array(v.string())]))),
      original: v.optional(v.record(v.string(), v.unknown())),
    }),
  ),
});
const InputsSchema = v.record(v.string(), v.nullable(v.string()));

const REMEDY = "bring both back: smart-sync --force-full; your own changes: nix flake lock";

/** The lock file fits flake.nix: otherwise the next build fetches something else than was tested. */
export const lockFileChecks = checksOf("Configuration Files", [{
  id: "flake-lock",
  title: "flake.lock",
  quick: false,
  check: lockFile,
}]);

async function lockFile(ctx: Context, facts: Facts): Promise<Finding> {
  facts.requireSource();
  const text = readTextIfExists(ctx.root.follow(`${places.source}/flake.lock`));
  if (text === undefined) return fail("flake.lock is missing: nothing is pinned", REMEDY);
  const lock = parsedAs(LockSchema, text);
  if (lock === undefined) return fail("flake.lock cannot be understood", REMEDY);
  const declared = await declaredInputs(ctx);
  const locked = lock.nodes[lock.root]?.inputs ?? {};
  const missing = Object.keys(declared).filter((name) => !(name in locked));
  if (missing.length > 0) return fail(`flake.lock does not pin ${missing.join(", ")}`, REMEDY);
  const extra = Object.keys(locked).filter((name) => !(name in declared));
  if (extra.length > 0) {
    return warn(`flake.lock pins ${extra.join(", ")}, which flake.nix does not name`, REMEDY);
  }
  const other = Object.entries(declared).filter(([name, url]) => {
    const node = locked[name];
    const original = typeof node === "string" ? lock.nodes[node]?.original : undefined;
    return url !== null && original !== undefined && !agrees(url, original);
  });
  return other.length === 0
    ? pass(`pins ${Object.keys(locked).join(", ") || "nothing, flake.nix has no inputs"}`)
    : fail(`flake.lock pins another ${other[0]![0]} than flake.nix names`, REMEDY);
}

/** The inputs with their URLs, without fetching any. */
async function declaredInputs(ctx: Context): Promise<Record<string, string | null>> {
  const file = ctx.root.follow(`${places.source}/flake.nix`);
  const imported = `import ${printExpression(nixPath(file))}`;
  const code = `builtins.mapAttrs (_: input: input.url or null) ((${imported}).inputs or { })`;
  return v.parse(InputsSchema, await evaluateJson(ctx, code, { what: file, timeout: 30_000 }));
}

/**
 * Compares what can be compared without knowing every form of URL: owner, repository, reference. Nix locks
 * anew what does not agree, also where flake.nix names a reference no more.
 */
function agrees(url: string, original: Record<string, unknown>): boolean {
  const github = /^github:([^/?#]+)\/([^/?#]+)(?:\/([^?#]+))?(?:\?([^#]*))?/.exec(url);
  if (!github) return true;
  const [, owner, repo, path, query] = github;
  const given = new URLSearchParams(query);
  const reference = path === undefined
    ? given.get("ref") ?? given.get("rev") ?? undefined
    : attempt(() => decodeURIComponent(path)) ?? path;
  return original.type === "github" && original.owner === owner && original.repo === repo &&
    (original.ref ?? original.rev) === reference;
}
