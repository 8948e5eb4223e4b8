import { type HostRecord, usableHostRecord } from "../../machine/host_record.ts";
import {
  ensureDirectory,
  exists,
  linkAtomic,
  parentOf,
  readLinkIfExists,
} from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { hostFolder } from "../../nix/expressions/host_flake.ts";
import { commandLine } from "../../machine/shell_words.ts";
import type { Context } from "../../machine/context.ts";
import type { Facts } from "../facts.ts";
import { type Change, checksOf, fail, type Finding, pass, skip, warn } from "../check.ts";

/** The link that a generation brings (nix/module/installed.nix), and where it then lies. */
const IN_GENERATION = `${places.currentSystem}/etc/nixos/flake.nix`;
const STATIC = "/etc/static/nixos/flake.nix";

/** What leads people and programs from /etc/nixos to the installed tree. */
export const flakeLinkChecks = checksOf("Core Directories", [{
  id: "flake-link",
  title: "/etc/nixos/flake.nix",
  check: flakeLink,
  fix: (ctx) =>
    isMissing(ctx) && isWanted(ctx, usableHostRecord(ctx)) && hasTarget(ctx) ? makeLink(ctx) : [],
}]);

function flakeLink(ctx: Context, facts: Facts): Finding {
  facts.requireInstalled();
  const host = facts.host();
  if (isMissing(ctx) && !hasTarget(ctx)) {
    return fail("missing, and there is no flake", "run system-installer");
  }
  if (!isWanted(ctx, host)) return withoutLink(ctx, host);
  const link = commandLine("ln", ["-sfn", linkTarget(ctx), ctx.root.host(places.flakeLink)]);
  const folder = ctx.root.follow(places.nixos);
  const remedy = exists(folder) ? link : `${commandLine("mkdir", ["-p", folder])} && ${link}`;
  if (isMissing(ctx)) {
    return fail(
      `missing: nothing leads from ${places.nixos} to ${hostFolder(ctx)}`,
      `${remedy}, or --fix`,
    );
  }
  const target = readLinkIfExists(ctx.root.host(places.flakeLink));
  if (target === undefined) {
    return fail(
      `a file of its own, not a link to ${targetOf(ctx)}`,
      `keep a copy of it, then ${remedy}`,
    );
  }
  const leadsTo = ctx.root.realPath(places.flakeLink);
  if (!exists(ctx.root.host(leadsTo))) {
    return fail(`leads to ${target}, which is not there`, remedy);
  }
  return leadsTo === ctx.root.realPath(targetOf(ctx))
    ? pass(`→ ${target}`)
    : warn(`leads to ${target}: smart-sync updates another flake than is built`, remedy);
}

/** Version 1 made the link by hand, for good; since then it comes and goes with the generation. */
function isWanted(ctx: Context, host: HostRecord | undefined): boolean {
  return host?.version === 1 || exists(ctx.root.host(IN_GENERATION));
}

function withoutLink(ctx: Context, host: HostRecord | undefined): Finding {
  if (host?.base?.kind === "flake") {
    return pass("your flake is the base: nixos-rebuild builds Hyper-NixOS on it");
  }
  return isMissing(ctx)
    ? skip("it comes with the first Hyper-NixOS generation: system-installer --action switch")
    : pass("yours; nixos-rebuild of this system builds Hyper-NixOS all the same");
}

function makeLink(ctx: Context): Change[] {
  const path = ctx.root.host(places.flakeLink);
  const target = linkTarget(ctx);
  ensureDirectory(parentOf(path), 0o755);
  linkAtomic(target, path);
  return [{ what: path, before: "missing", after: `link to ${target}` }];
}

function linkTarget(ctx: Context): string {
  return exists(ctx.root.host(IN_GENERATION)) ? STATIC : targetOf(ctx);
}

/** Where the link leads in the end. */
function targetOf(ctx: Context): string {
  return `${hostFolder(ctx)}/flake.nix`;
}

function isMissing(ctx: Context): boolean {
  return !exists(ctx.root.host(places.flakeLink));
}

function hasTarget(ctx: Context): boolean {
  return exists(ctx.root.follow(targetOf(ctx)));
}
