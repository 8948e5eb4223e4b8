import { lstatIfExists, readTextIfExists } from "../../machine/files.ts";
import { places } from "../../machine/places.ts";
import type { Context } from "../../program/context.ts";
import { type Check, fail, type Finding, NOT_INSTALLED, pass, skip } from "../check.ts";
import type { Facts } from "../facts.ts";
import { parseNix } from "../parse_nix.ts";

/** Modules that nix/host.nix requires; without one the machine would lose its disks or its users. */
const REQUIRED = ["hardware-local.nix", "users-local.nix", "system-local.nix"];
/** The owner's own; may be missing. */
const OWN = "local.nix";

/** The flake's files, read but not evaluated. */
export const flakeFileChecks: readonly Check[] = [
  {
    id: "flake-syntax",
    group: "Configuration Files",
    title: "flake.nix",
    severity: "error",
    quick: true,
    blocksUpdate: false,
    check: flakeSyntax,
  },
  {
    id: "generated-modules",
    group: "Configuration Files",
    title: "generated modules",
    severity: "error",
    quick: true,
    blocksUpdate: true,
    check: generatedModules,
  },
  {
    id: "module-imports",
    group: "Configuration Files",
    title: "imports",
    severity: "error",
    quick: true,
    blocksUpdate: false,
    check: imports,
  },
];

async function flakeSyntax(ctx: Context, facts: Facts): Promise<Finding> {
  if (!facts.hasSource()) return skip(`there is no ${places.source}/flake.nix`);
  const path = ctx.root.follow(`${places.source}/flake.nix`);
  const parsed = await parseNix(ctx, [path]);
  const remedy = "bring it back: smart-sync --force-full";
  if (!parsed.startsWith("{")) return fail(`${path} is not an attribute set`, remedy);
  // A flake's outputs are a function (Nix manual, "nix flake", Flake format).
  return / outputs = \(/.test(parsed)
    ? pass("parses, and has outputs")
    : fail(`${path} has no outputs`, remedy);
}

async function generatedModules(ctx: Context, facts: Facts): Promise<Finding> {
  if (!facts.isInstalled()) return NOT_INSTALLED;
  const folder = places.configuration;
  const there = (name: string) => lstatIfExists(ctx.root.follow(`${folder}/${name}`)) !== undefined;
  const missing = [...REQUIRED, "host.json"].filter((name) => !there(name));
  if (missing.length > 0) {
    return fail(
      `missing in ${folder}: ${missing.join(", ")}`,
      "system-installer writes them from the running machine",
      missing,
    );
  }
  const modules = [...REQUIRED, ...(there(OWN) ? [OWN] : [])];
  await parseNix(ctx, modules.map((name) => ctx.root.follow(`${folder}/${name}`)));
  return pass(`${modules.join(", ")} parse`);
}

/** That each module is really used is only known by evaluation; here: that somebody imports it. */
function imports(ctx: Context, facts: Facts): Finding {
  if (!facts.hasSource()) return skip(`there is no ${places.source}/flake.nix`);
  const text = (path: string) => readTextIfExists(ctx.root.follow(`${places.source}/${path}`));
  const remedy = "bring the tree back: smart-sync --force-full";
  if (!text("flake.nix")?.includes("nix/host.nix")) {
    return fail("flake.nix does not import nix/host.nix: it has no host for this machine", remedy);
  }
  const host = text("nix/host.nix") ?? "";
  const wanted = [...REQUIRED, OWN, "hardware-configuration.nix"];
  const missing = wanted.filter((name) => !host.includes(name));
  return missing.length === 0
    ? pass(`nix/host.nix imports ${wanted.length} modules of this machine`)
    : fail(`nix/host.nix does not import ${missing.join(", ")}`, remedy, missing);
}
