import { attempt } from "../attempt.ts";
import { listIfExists, lstatIfExists } from "./files.ts";

/**
 * Notes which folders are not there yet. When it is disposed of, those that were made since are removed,
 * unless something is in one of them: a run that is refused leaves nothing.
 * @param folders host paths that belong together, each before those in it
 */
export function unlessUsed(folders: readonly string[]): Disposable {
  const absent = folders.filter((folder) => lstatIfExists(folder) === undefined);
  const isUnused = (folder: string) =>
    listIfExists(folder).every((name) => absent.includes(`${folder}/${name}`));
  return {
    [Symbol.dispose]: () => {
      if (!attempt(() => absent.every(isUnused))) return;
      for (const folder of absent.toReversed()) attempt(() => Deno.removeSync(folder));
    },
  };
}
