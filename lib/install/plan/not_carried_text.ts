import { places } from "../../machine/places.ts";
import { printableLine } from "../../layout/printable.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import type { ChangedDefinition } from "../../nix/evaluation/changed_definitions.ts";
import type { Context } from "../../machine/context.ts";
import { sign, style } from "../../layout/style.ts";
import { hanging, shortened, table } from "../../layout/table.ts";
import { definitionText, type NotCarried } from "../carry/not_carried.ts";
import { optionPath } from "../carry/setting.ts";

/** A screen has some 24 lines; these are what a list may take of it. */
const SCREEN_LINES = 18;
/** Longer values are cut, in characters, unless everything is shown. */
const VALUE_LENGTH = 60;

/**
 * What a host without the owner's configuration lacks, for people: option and value below the files that
 * say it.
 * @param all whether everything is shown, or at most a screen
 */
export function notCarriedText(
  ctx: Context,
  found: NotCarried | { readonly unknown: string },
  columns: number,
  all: boolean,
  layout: TreeLayout = "native",
): string {
  const warning = (text: string) =>
    hanging(`${style.yellow(sign.warn)} ${text}`, columns).join("\n");
  if ("unknown" in found) {
    return warning(
      "what your configuration says besides is not carried over, and could not be listed: " +
        found.unknown,
    );
  }
  const { settings, unreadable } = found;
  const notes = unreadable.length === 0
    ? []
    : [warning(`could not be read, and may be missing: ${unreadable.join(", ")}`)];
  if (settings.length === 0) {
    const nothing = `  ${style.green(sign.pass)} all that your files say is in the new host`;
    return [...(unreadable.length === 0 ? [nothing] : []), ...notes].join("\n");
  }
  // Each takes a line at least.
  let count = all ? settings.length : Math.min(settings.length, SCREEN_LINES);
  let text = grouped(ctx, settings.slice(0, count), columns, all);
  while (!all && count > 1 && text.split("\n").length > SCREEN_LINES) {
    text = grouped(ctx, settings.slice(0, --count), columns, all);
  }
  const more = settings.length - count;
  return [
    text,
    ...(more > 0 ? [`  ${more} more: --verbose shows them, and so does --json`] : []),
    ...notes,
    warning(
      layout === "published"
        ? `put into ${places.host}/local.nix what is still wanted: this source is a system of its own`
        : "put into local.nix what is still wanted; without --no-keep-config all of it stays",
    ),
  ].join("\n");
}

function grouped(
  ctx: Context,
  settings: readonly ChangedDefinition[],
  columns: number,
  all: boolean,
): string {
  const place = (file: string) => printableLine(ctx.root.machine(file));
  const byFiles = Map.groupBy(settings, ({ files }) => files.map(place).join(", "));
  return [...byFiles].map(([files, list]) => {
    const rows = list.map((one) => [printableLine(optionPath(one)), valueText(one, all)]);
    const from = files === "" ? "a file that is not known" : files;
    return `  ${style.dim(`from ${from}`)}\n${table(["", ""], rows, columns)}`;
  }).join("\n");
}

function valueText(one: ChangedDefinition, all: boolean): string {
  const text = printableLine(definitionText(one));
  return all ? text : shortened(text, VALUE_LENGTH);
}
