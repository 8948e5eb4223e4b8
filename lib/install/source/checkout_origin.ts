import { lstatIfExists, readTextIfExists } from "../../machine/files/files.ts";

/** The commit of a GitHub repository that a source was checked out from. */
export interface Origin {
  /** `OWNER/NAME`. */
  readonly repository: string;
  /** 40 lower-case hexadecimal digits. */
  readonly commit: string;
}

/** Lies beside a source that has no `.git`, as in the USB kit: JSON with the members of {@link Origin}. */
export const ORIGIN_FILE = "hyper-nixos-origin.json";

/** What `git clone` takes of GitHub: URLs, and the short form of SSH (git-clone(1), "GIT URLS"). */
const GITHUB_URL =
  /^(?:(?:https?|git|ssh):\/\/(?:[^@/]*@)?(?:www\.|ssh\.)?github\.com(?::\d+)?\/|(?:[\w.-]+@)?github\.com:)([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/i;

/**
 * The origin of a git checkout, read from its `.git` folder (gitrepository-layout(5)). Git itself is
 * not started: in a folder of another user its configuration could run commands as root. The files may
 * differ from the commit; smart-sync compares them anyway.
 * @returns undefined when it is no checkout, or its `origin` is not on GitHub
 */
export function readCheckout(path: string): Origin | undefined {
  // A link there is no checkout of this folder.
  if (!lstatIfExists(`${path}/.git`)?.isDirectory) return undefined;
  const url = originUrl(readTextIfExists(`${path}/.git/config`) ?? "");
  const repository = GITHUB_URL.exec(url ?? "")?.[1];
  const head = readTextIfExists(`${path}/.git/HEAD`)?.trim() ?? "";
  const ref = head.match(/^ref: (refs\/[^\s]+)$/)?.[1];
  const commit = ref === undefined ? head : readRef(path, ref);
  return repository && commit && /^[0-9a-f]{40}$/.test(commit) ? { repository, commit } : undefined;
}

/** What `origin` is fetched from: its first `url`, not its `pushurl` (git-config(1), "Syntax"). */
function originUrl(config: string): string | undefined {
  let isOrigin = false;
  for (const line of config.split(/\r?\n/)) {
    const [, section, rest] = /^\s*\[([^\]]*)\](.*)$/.exec(line) ?? [];
    if (section !== undefined) isOrigin = /^remote\s+"origin"$/i.test(section);
    const value = /^\s*url\s*=\s*([^#;]*)/i.exec(rest ?? line)?.[1]?.trim();
    if (isOrigin && value) return value.replace(/^"(.*)"$/, "$1");
  }
  return undefined;
}

function readRef(path: string, ref: string): string | undefined {
  if (ref.split("/").includes("..")) return undefined;
  const loose = readTextIfExists(`${path}/.git/${ref}`)?.trim();
  if (loose) return loose;
  const packed = readTextIfExists(`${path}/.git/packed-refs`)?.split("\n") ?? [];
  return packed.find((line) => line.endsWith(` ${ref}`))?.split(" ")[0];
}
