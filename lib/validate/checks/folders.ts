import { exists, lstatIfExists, readLinkIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { installedLayout, modulesFolder, type TreeLayout } from "../../machine/tree_layout.ts";
import { shellWord } from "../../machine/shell_words.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, warn } from "../check.ts";
import type { Facts } from "../facts.ts";
import { octal, ownershipProblem, setOwnership } from "../ownership.ts";
import { toGiveToRoot } from "../../machine/files/file_trust.ts";

const INSTALL = "install with: system-installer";
/** What a source tree needs to build this machine, by its layout. */
const ESSENTIAL: Readonly<Record<TreeLayout, readonly string[]>> = {
  native: ["flake.nix", "flake.lock", "nix/host.nix", "nix/module/default.nix"],
  published: ["flake.nix", "flake.lock", "configuration.nix", "modules"],
};
const LOG_FOLDERS = [places.logs, places.rebuildLogs];

/** The toolkit's own folders: there, and root's alone to change. */
export const folderChecks = checksOf("Core Directories", [
  {
    id: "hypervisor-folder",
    title: "/etc/hypervisor",
    blocksUpdate: true,
    check: (ctx) => publicFolder(ctx, places.hypervisor, INSTALL, alsoClosed(ctx)),
    fix: (ctx) =>
      exists(ctx.root.follow(places.hypervisor)) ? setOwnership(ctx, places.hypervisor, 0o755) : [],
  },
  {
    id: "source-files",
    title: "source tree",
    check: sourceFiles,
    fix: (ctx) => isFolder(ctx, places.source) ? setOwnership(ctx, places.source, 0o755) : [],
  },
  {
    id: "configuration-folder",
    title: "generated configuration",
    blocksUpdate: true,
    check: configuration,
    fix: (ctx) =>
      generatedFolders(ctx).flatMap((path) =>
        exists(ctx.root.follow(path)) ? setOwnership(ctx, path, 0o755) : []
      ),
  },
  {
    id: "log-folders",
    title: "log folders",
    severity: "warning",
    check: logFolders,
    fix: (ctx) =>
      exists(ctx.root.follow(places.hypervisor))
        ? LOG_FOLDERS.flatMap((path) => setOwnership(ctx, path, 0o755))
        : [],
  },
]);

/** host.json's folder, and for a published tree that of its host. */
function generatedFolders(ctx: Context): string[] {
  const modules = modulesFolder(installedLayout(ctx) ?? "native");
  return [...new Set([places.configuration, modules])];
}

function configuration(ctx: Context, facts: Facts): Finding {
  facts.requireInstalled();
  const whenMissing = `${INSTALL}, which writes this machine's modules`;
  return worst(generatedFolders(ctx).map((path) => publicFolder(ctx, path, whenMissing)));
}

function worst(findings: readonly Finding[]): Finding {
  return ["fail", "warn"].map((status) => findings.find((one) => one.status === status))
    .find((one) => one !== undefined) ?? findings.at(-1)!;
}

/** The published tree closes its folders to others at each activation and boot. */
function alsoClosed(ctx: Context): number | undefined {
  return installedLayout(ctx) === "published" ? 0o750 : undefined;
}

function publicFolder(
  ctx: Context,
  path: string,
  whenMissing: string,
  alsoMode?: number,
): Finding {
  const host = ctx.root.follow(path);
  const info = lstatIfExists(host);
  if (info === undefined) return fail(`${path} is missing`, whenMissing);
  if (!info.isDirectory) {
    return fail(`${path} is not a folder`, `look at it: ls -ld ${shellWord(host)}`);
  }
  if (alsoMode !== undefined && ownershipProblem(info, alsoMode) === undefined) {
    return pass(`${path}, ${octal(alsoMode)} of root`);
  }
  const problem = ownershipProblem(info, 0o755);
  if (problem === undefined) return pass(`${path}, 0755 of root`);
  const remedy = `${toGiveToRoot(host, "0755")}, or validator --fix`;
  return problem.open
    ? fail(`${path} ${problem.what}`, remedy)
    : warn(`${path} ${problem.what}, not ${octal(0o755)}`, remedy);
}

function sourceFiles(ctx: Context, facts: Facts): Finding {
  facts.requireInstalled();
  const link = readLinkIfExists(ctx.root.host(places.source));
  if (link !== undefined) {
    return warn(
      `${places.source} is a link to ${link}: smart-sync does not update what it points to`,
      `replace it by the folder itself`,
    );
  }
  const folder = publicFolder(ctx, places.source, INSTALL);
  if (folder.status !== "pass") return folder;
  const essential = ESSENTIAL[installedLayout(ctx) ?? "native"];
  const missing = essential.filter((name) => !exists(ctx.root.follow(`${places.source}/${name}`)));
  if (missing.length === 0) return pass(`${places.source}, complete`);
  return fail(
    `missing in ${places.source}: ${missing.join(", ")}`,
    "bring them back: smart-sync --force-full",
    missing,
  );
}

function logFolders(ctx: Context, facts: Facts): Finding {
  facts.requireInstalled();
  const inTheWay = LOG_FOLDERS.find((path) =>
    lstatIfExists(ctx.root.follow(path))?.isDirectory === false
  );
  if (inTheWay !== undefined) {
    const host = ctx.root.follow(inTheWay);
    return warn(
      `${inTheWay} is not a folder: nothing is logged there`,
      `look at it: ls -ld ${shellWord(host)}; move it away, then validator --fix`,
    );
  }
  const problems = LOG_FOLDERS.flatMap((path) => {
    const info = lstatIfExists(ctx.root.follow(path));
    if (info === undefined) return [`${path} is missing`];
    const closed = alsoClosed(ctx);
    if (closed !== undefined && ownershipProblem(info, closed) === undefined) return [];
    const problem = ownershipProblem(info, 0o755);
    return problem ? [`${path} ${problem.what}`] : [];
  });
  return problems.length === 0
    ? pass(LOG_FOLDERS.join(", "))
    : warn(problems.join("; "), "validator --fix puts them right", problems);
}

function isFolder(ctx: Context, path: string): boolean {
  return lstatIfExists(ctx.root.host(path))?.isDirectory === true;
}
