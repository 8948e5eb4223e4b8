import * as v from "valibot";
import { counted } from "../../layout/counted.ts";
import { exists, readTextIfExists } from "../../machine/files/files.ts";
import { parsedAs } from "../../machine/parsed_as.ts";
import { places } from "../../machine/places.ts";
import { installedLayout, modulesFolder } from "../../machine/tree_layout.ts";
import HOST_FILES from "../../nix/expressions/host_files.json" with { type: "json" };
import { hostFolder } from "../../nix/expressions/host_flake.ts";
import { commandLine } from "../../machine/shell_words.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass } from "../check.ts";
import type { Facts } from "../facts.ts";
import { parseNix } from "../parse_nix.ts";

/** Modules that nix/host.nix requires; without one the machine would lose its disks or its users. */
const REQUIRED = ["hardware-local.nix", "users-local.nix", "system-local.nix"];
/** The owner's own; may be missing. */
const OWN = "local.nix";

/** What the host of a published tree is composed of, beside them. */
const COMPOSED = [
  ...Object.keys(HOST_FILES).filter((name) => name.endsWith(".nix")),
  "host.nix",
  "hardware-configuration.nix",
];

/** What Lix prints of what it parsed: JSON, since 2.93. */
const LixSchema = v.object({
  _type: v.string(),
  attrs: v.optional(v.record(v.string(), v.unknown()), {}),
});

/** The flake's files, read but not evaluated. */
export const flakeFileChecks = checksOf("Configuration Files", [
  {
    id: "flake-syntax",
    title: "flake.nix",
    check: flakeSyntax,
  },
  {
    id: "generated-modules",
    title: "generated modules",
    blocksUpdate: true,
    check: generatedModules,
  },
  {
    id: "module-imports",
    title: "imports",
    check: imports,
  },
]);

async function flakeSyntax(ctx: Context, facts: Facts): Promise<Finding> {
  facts.requireSource();
  const path = ctx.root.follow(`${hostFolder(ctx)}/flake.nix`);
  const parsed = await parseNix(ctx, [path]);
  const remedy = isPublished(ctx)
    ? "bring it back: system-installer"
    : "bring it back: smart-sync --force-full";
  const lix = parsedAs(LixSchema, parsed);
  const isSet = lix === undefined ? parsed.startsWith("{") : lix._type === "ExprSet";
  if (!isSet) return fail(`${path} is not an attribute set`, remedy);
  // A flake's outputs are a function (Nix manual, "nix flake", Flake format).
  const hasOutputs = lix === undefined ? / outputs = \(/.test(parsed) : "outputs" in lix.attrs;
  return hasOutputs ? pass("parses, and has outputs") : fail(`${path} has no outputs`, remedy);
}

async function generatedModules(ctx: Context, facts: Facts): Promise<Finding> {
  facts.requireInstalled();
  const published = isPublished(ctx);
  const folder = modulesFolder(published ? "published" : "native");
  const required = published ? [...REQUIRED, ...COMPOSED] : REQUIRED;
  const there = (name: string) => exists(ctx.root.follow(`${folder}/${name}`));
  const missing = required.filter((name) => !there(name));
  if (!exists(ctx.root.follow(places.hostRecord))) missing.push("host.json");
  if (missing.length > 0) {
    return fail(
      `missing in ${folder}: ${missing.join(", ")}`,
      "system-installer writes them from the running machine",
      missing,
    );
  }
  const modules = [...required, ...(there(OWN) ? [OWN] : [])];
  await parseNix(ctx, modules.map((name) => ctx.root.follow(`${folder}/${name}`)));
  return pass(`${modules.join(", ")} parse`);
}

/** That each module is really used is only known by evaluation; here: that somebody imports it. */
function imports(ctx: Context, facts: Facts): Finding {
  facts.requireSource();
  if (isPublished(ctx)) return composition(ctx);
  const text = (path: string) => readTextIfExists(ctx.root.follow(`${places.source}/${path}`));
  const remedy = "bring the tree back: smart-sync --force-full";
  if (!text("flake.nix")?.includes("nix/host.nix")) {
    return fail("flake.nix does not import nix/host.nix: it has no host for this machine", remedy);
  }
  const host = text("nix/host.nix") ?? "";
  const wanted = [...REQUIRED, OWN, "hardware-configuration.nix"];
  const missing = wanted.filter((name) => !host.includes(name));
  return missing.length === 0
    ? pass(`nix/host.nix imports ${counted(wanted.length, "module")} of this machine`)
    : fail(`nix/host.nix does not import ${missing.join(", ")}`, remedy, missing);
}

/** The host of a published tree: the flake beside it, and the copy of the hardware file. */
function composition(ctx: Context): Finding {
  const folder = places.host;
  const text = (path: string) => readTextIfExists(ctx.root.follow(path));
  const flake = text(`${folder}/flake.nix`) ?? "";
  const wanted = [...REQUIRED, OWN, "machine.nix", "hardware-configuration.nix"];
  const missing = wanted.filter((name) => !flake.includes(name));
  if (missing.length > 0) {
    return fail(
      `${folder}/flake.nix does not import ${missing.join(", ")}`,
      "system-installer writes it anew",
      missing,
    );
  }
  const own = text(places.hardwareConfiguration);
  const copy = `${folder}/hardware-configuration.nix`;
  if (own !== undefined && own !== text(copy)) {
    const [from, to] = [places.hardwareConfiguration, copy].map((path) => ctx.root.host(path));
    return fail(
      `the host is built with ${to}, which is not the machine's ${from}`,
      `copy the right one over the other, for a new disk: ${commandLine("cp", [from!, to!])}`,
    );
  }
  return pass(`${folder}/flake.nix imports ${counted(wanted.length, "module")} of this machine`);
}

function isPublished(ctx: Context): boolean {
  return installedLayout(ctx) === "published";
}
