import { attempt } from "../attempt.ts";
import { listIfExists, lstatIfExists, remove } from "./files.ts";

/**
 * Notes which of these folders and files are not there yet. When it is disposed of, those that were made since
 * are removed, unless something else is in one of them: a run that is refused leaves nothing.
 * @param paths host paths that belong together, each before those in it
 */
export function unlessUsed(paths: readonly string[]): Disposable {
  const absent = paths.filter((path) => lstatIfExists(path) === undefined);
  const isUnused = (path: string) =>
    listIfExists(path).every((name) => absent.includes(`${path}/${name}`));
  return {
    [Symbol.dispose]: () => {
      if (!attempt(() => absent.every(isUnused))) return;
      for (const path of absent.toReversed()) attempt(() => remove(path));
    },
  };
}
