import { dirname } from "node:path";
import type { Outside } from "./outside.ts";
import type { Place } from "./places.ts";
import type { Plant } from "./plants.ts";

/**
 * Puts something in a place's place on the machine at this root.
 * @returns the host path
 * @throws Error where the place is below something else that was planted, or cannot be so
 */
export function plantAt(root: string, place: Place, plant: Plant, outside: Outside): string {
  const path = named(root, place.path);
  if (plant.only && !plant.only.test(path)) throw new Error(`no ${plant.name} can be at ${path}`);
  const host = root + path;
  const folder = dirname(host);
  Deno.mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (Deno.realPathSync(folder) !== folder) throw new Error(`${folder} leads elsewhere`);
  // Nothing but what is planted shall be wrong with it.
  for (let at = folder; at !== root; at = dirname(at)) {
    if ((Deno.lstatSync(at).mode! & 0o022) !== 0) Deno.chmodSync(at, 0o755);
  }
  const aside = `${root}/.aside`;
  remove(aside);
  try {
    Deno.renameSync(host, aside);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (place.kind === "folder") Deno.mkdirSync(aside, { mode: 0o755 });
  }
  plant.put(host, aside, outside.path, path.split("/").length - 2);
  outside.remember();
  return host;
}

/** A path with names for its stars. */
function named(root: string, path: string): string {
  const done: string[] = [];
  for (const name of path.slice(1).split("/")) {
    const folder = `${root}/${done.join("/")}`;
    done.push(name === "*" ? firstIn(folder) : name);
  }
  return "/" + done.join("/");
}

function firstIn(folder: string): string {
  try {
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    return names.find((name) => !name.startsWith(".")) ?? "2020-01-01T00-00-00-000Z.json";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "2020-01-01T00-00-00-000Z.json";
  }
}

/** Also what is too deep for the runtime. */
export function remove(path: string): void {
  new Deno.Command("rm", { args: ["-rf", "--", path] }).outputSync();
}
