import type { Context } from "./context.ts";
import { exists } from "./files/files.ts";
import { type HostRecord, usableHostRecord } from "./host_record.ts";
import { places } from "./places.ts";

/**
 * How a source tree is made. A `native` one, as this repository, knows the installed machine by itself. A
 * `published` one, as MasterofNull/Hyper-NixOS, knows no machine: its host is composed in a folder beside
 * it (`places.host`), on the tree's own nixpkgs.
 */
export type TreeLayout = NonNullable<HostRecord["layout"]>;

/** What each layout is known by; the first that fits is it. */
const MARKS: readonly (readonly [TreeLayout, readonly string[]])[] = [
  ["native", ["flake.nix", "nix/host.nix"]],
  ["published", ["flake.nix", "configuration.nix", "modules"]],
];

/** Without one of these a tree of a layout builds no machine at all. */
export const NEEDED: Readonly<Record<TreeLayout, readonly string[]>> = {
  native: ["flake.nix", "nix/host.nix"],
  published: ["flake.nix", "flake.lock", "configuration.nix", "modules"],
};

/** A layout in words, for messages. */
export const LAYOUT_WORDS: Readonly<Record<TreeLayout, string>> = {
  native: "of the native layout (with nix/host.nix)",
  published: "of the published layout (configuration.nix and modules/, without nix/host.nix)",
};

/**
 * Which layout a tree has.
 * @param has whether a path, relative to the tree, is there
 * @returns undefined for what is no Hyper-NixOS
 */
export function layoutOf(has: (path: string) => boolean): TreeLayout | undefined {
  return MARKS.find(([, marks]) => marks.every(has))?.[0];
}

/** As {@link layoutOf}, of a folder on this host. */
export function layoutOfFolder(folder: string): TreeLayout | undefined {
  return layoutOf((path) => exists(`${folder}/${path}`));
}

/** The layout that a machine is installed with; undefined where none is, or host.json is no good. */
export function installedLayout(ctx: Pick<Context, "root">): TreeLayout | undefined {
  const record = usableHostRecord(ctx);
  return record && layoutOfRecord(record);
}

/** The layout of the tree that a record's host is made of. */
export function layoutOfRecord(record: HostRecord): TreeLayout {
  return record.layout ?? "native";
}

/** The machine path of the folder that holds the generated modules and the owner's local.nix. */
export function modulesFolder(layout: TreeLayout): string {
  return layout === "published" ? places.host : places.configuration;
}

/** The machine path of the owner's own module, for hints; also where nothing is installed yet. */
export function localModule(ctx: Pick<Context, "root">): string {
  return `${modulesFolder(installedLayout(ctx) ?? "native")}/local.nix`;
}
