import { type HostRecord, readHostRecord } from "../../machine/host_record.ts";
import { linkAtomic, lstatIfExists, readLinkIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { hostFolder } from "../../nix/expressions/host_flake.ts";
import type { Context } from "../../machine/context.ts";
import {
  type Change,
  type Check,
  fail,
  type Finding,
  NOT_INSTALLED,
  pass,
  skip,
  warn,
} from "../check.ts";

type Host = ReturnType<typeof readHostRecord>;

/** The link that a generation brings (nix/module/installed.nix), and where it then lies. */
const IN_GENERATION = `${places.currentSystem}/etc/nixos/flake.nix`;
const STATIC = "/etc/static/nixos/flake.nix";

/** What leads people and programs from /etc/nixos to the installed tree. */
export const flakeLinkCheck: Check = {
  id: "flake-link",
  group: "Core Directories",
  title: "/etc/nixos/flake.nix",
  severity: "error",
  quick: true,
  blocksUpdate: false,
  check: (ctx, facts) => facts.isInstalled() ? flakeLink(ctx, facts.host()) : NOT_INSTALLED,
  fix: (ctx) =>
    isMissing(ctx) && isWanted(ctx, readHostRecord(ctx)) && hasTarget(ctx) ? makeLink(ctx) : [],
};

function flakeLink(ctx: Context, host: Host): Finding {
  if (isMissing(ctx) && !hasTarget(ctx)) {
    return fail("missing, and there is no flake", "run system-installer");
  }
  if (!isWanted(ctx, host)) return withoutLink(ctx, host);
  const remedy = `ln -sfn ${linkTarget(ctx)} ${ctx.root.host(places.flakeLink)}`;
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
  if (lstatIfExists(ctx.root.host(leadsTo)) === undefined) {
    return fail(`leads to ${target}, which is not there`, remedy);
  }
  return leadsTo === ctx.root.realPath(targetOf(ctx))
    ? pass(`→ ${target}`)
    : warn(`leads to ${target}: smart-sync updates another flake than is built`, remedy);
}

/** Version 1 made the link by hand, for good; since then it comes and goes with the generation. */
function isWanted(ctx: Context, host: Host): boolean {
  return isRecord(host) && host.version === 1 ||
    lstatIfExists(ctx.root.host(IN_GENERATION)) !== undefined;
}

function withoutLink(ctx: Context, host: Host): Finding {
  if (isRecord(host) && host.version === 2 && host.base?.kind === "flake") {
    return pass("your flake is the base: nixos-rebuild builds Hyper-NixOS on it");
  }
  return isMissing(ctx)
    ? skip("it comes with the first Hyper-NixOS generation: system-installer --action switch")
    : pass("yours; nixos-rebuild of this system builds Hyper-NixOS all the same");
}

function isRecord(host: Host): host is HostRecord {
  return typeof host === "object";
}

function makeLink(ctx: Context): Change[] {
  const path = ctx.root.host(places.flakeLink);
  const target = linkTarget(ctx);
  linkAtomic(target, path);
  return [{ what: path, before: "missing", after: `link to ${target}` }];
}

function linkTarget(ctx: Context): string {
  return lstatIfExists(ctx.root.host(IN_GENERATION)) === undefined ? targetOf(ctx) : STATIC;
}

/** Where the link leads in the end. */
function targetOf(ctx: Context): string {
  return `${hostFolder(ctx)}/flake.nix`;
}

function isMissing(ctx: Context): boolean {
  return lstatIfExists(ctx.root.host(places.flakeLink)) === undefined;
}

function hasTarget(ctx: Context): boolean {
  return lstatIfExists(ctx.root.follow(targetOf(ctx))) !== undefined;
}
