import { latestInstallation, readReceipts } from "../../machine/receipt.ts";
import { linkAtomic, lstatIfExists, readLinkIfExists } from "../../machine/files.ts";
import { places } from "../../machine/places.ts";
import type { Context } from "../../program/context.ts";
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

const TARGET = `${places.source}/flake.nix`;

/** What makes a plain `nixos-rebuild` build the machine's own flake. */
export const flakeLinkCheck: Check = {
  id: "flake-link",
  group: "Core Directories",
  title: "/etc/nixos/flake.nix",
  severity: "error",
  quick: true,
  blocksUpdate: false,
  check: (ctx, facts) => facts.isInstalled() ? flakeLink(ctx) : NOT_INSTALLED,
  fix: (ctx) => isMissing(ctx) && !isAwaited(ctx) && hasTarget(ctx) ? makeLink(ctx) : [],
};

function flakeLink(ctx: Context): Finding {
  const remedy = `ln -sfn ${TARGET} ${ctx.root.host(places.flakeLink)}`;
  if (isMissing(ctx)) {
    if (!hasTarget(ctx)) return fail("missing, and there is no flake", "run system-installer");
    if (isAwaited(ctx)) {
      return skip("not linked before the first build that succeeds: run system-installer again");
    }
    return fail(`missing: nixos-rebuild does not find ${places.source}`, `${remedy}, or --fix`);
  }
  const target = readLinkIfExists(ctx.root.host(places.flakeLink));
  if (target === undefined) {
    return fail(`a file of its own, not a link to ${TARGET}`, `keep a copy of it, then ${remedy}`);
  }
  const leadsTo = ctx.root.realPath(places.flakeLink);
  if (lstatIfExists(ctx.root.host(leadsTo)) === undefined) {
    return fail(`leads to ${target}, which is not there`, remedy);
  }
  return leadsTo === ctx.root.realPath(TARGET)
    ? pass(`→ ${target}`)
    : warn(`leads to ${target}: smart-sync updates another flake than is built`, remedy);
}

/** The installer links it only after the first build. A receipt that cannot be read says nothing. */
function isAwaited(ctx: Context): boolean {
  try {
    const state = latestInstallation(readReceipts(ctx))?.state;
    return state === "applying" || state === "applied";
  } catch {
    return false;
  }
}

function makeLink(ctx: Context): Change[] {
  const path = ctx.root.host(places.flakeLink);
  linkAtomic(TARGET, path);
  return [{ what: path, before: "missing", after: `link to ${TARGET}` }];
}

function isMissing(ctx: Context): boolean {
  return lstatIfExists(ctx.root.host(places.flakeLink)) === undefined;
}

function hasTarget(ctx: Context): boolean {
  return lstatIfExists(ctx.root.follow(TARGET)) !== undefined;
}
