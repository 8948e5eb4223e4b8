import { dirname } from "node:path";
import { mustRun } from "../must_run.ts";

/** What somebody puts in the place of a file or folder. */
export interface Plant {
  readonly name: string;
  /** Where it can be; everywhere otherwise. */
  readonly only?: RegExp;
  /**
   * @param host where; nothing is there
   * @param aside what was there before, at this host path; it may be gone
   * @param outside a folder of the host that is none of the machine's
   * @param depth how many folders of the machine are above `host`
   */
  readonly put: (host: string, aside: string, outside: string, depth: number) => void;
}

/** The user of the machine who has put it there, where that matters. */
export const STRANGER = 1000;
const STRANGERS = 100;
/** Larger than whatever is read as a whole. */
const HUGE = 300 * 1024 * 1024;
/**
 * Deeper than what the kernel takes as one path (PATH_MAX), with names of four letters, and than a process
 * may usually have files open. Forty places have it: twice as deep costs five times as much.
 */
const DEEP = 1_100;

function sh(script: string, ...args: string[]): void {
  mustRun("sh", ["-ec", script, "sh", ...args]);
}

function restore(host: string, aside: string): void {
  try {
    Deno.renameSync(aside, host);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.writeTextFileSync(host, "{ }\n");
  }
}

function isFolder(path: string): boolean {
  return Deno.lstatSync(path).isDirectory;
}

/** All kinds. */
export const PLANTS: readonly Plant[] = [
  { name: "pipe", put: (host) => sh('mkfifo "$1"', host) },
  {
    name: "socket",
    put: (host, aside) => {
      // Its path has to be short (unix(7)).
      const path = `${dirname(aside)}/.socket`;
      using _listener = Deno.listen({ transport: "unix", path });
      // Whoever stops listening removes what has the name.
      Deno.renameSync(path, host);
    },
  },
  { name: "device that never ends", put: (host) => sh('mknod "$1" c 1 5', host) },
  { name: "device that is full", put: (host) => sh('mknod "$1" c 1 7', host) },
  {
    name: "relative link to the host's file",
    put: (host, _aside, outside, depth) =>
      Deno.symlinkSync(`${"../".repeat(depth)}..${outsideName(outside)}/file`, host),
  },
  {
    name: "relative link to the host's folder",
    put: (host, _aside, outside, depth) =>
      Deno.symlinkSync(`${"../".repeat(depth + 3)}..${outside}/folder`, host),
  },
  {
    name: "absolute link to the host's folder",
    put: (host, _aside, outside) => Deno.symlinkSync(`${outside}/folder`, host),
  },
  {
    name: "absolute link to what is not there",
    put: (host, _aside, outside) => Deno.symlinkSync(`${outside}/new`, host),
  },
  {
    name: "magic link",
    put: (host) => Deno.symlinkSync("/proc/self/root/etc", host),
  },
  { name: "link to itself", put: (host) => Deno.symlinkSync(host.split("/").at(-1)!, host) },
  {
    name: "links without end",
    put: (host) => {
      const name = host.split("/").at(-1)!;
      const link = (at: number) => at === 0 ? name : `.chain-${at}-${name}`;
      for (let at = 0; at < 60; at++) {
        Deno.symlinkSync(link(at + 1), `${dirname(host)}/${link(at)}`);
      }
    },
  },
  {
    // None leads out of a disk; but on a running machine users have their homes beside root's files.
    name: "hard link to the host's file",
    only: /^\/home\//,
    put: (host, _aside, outside) => Deno.linkSync(`${outside}/shared`, host),
  },
  {
    name: "huge file",
    put: (host) => {
      using file = Deno.openSync(host, { write: true, createNew: true, mode: 0o644 });
      file.truncateSync(HUGE);
    },
  },
  {
    name: "another user's",
    put: (host, aside) => {
      restore(host, aside);
      sh('chown -h "$2" "$1"', host, `${STRANGER}:${STRANGERS}`);
    },
  },
  {
    name: "a group's to write",
    put: (host, aside) => {
      restore(host, aside);
      if (!Deno.lstatSync(host).isSymlink) Deno.chmodSync(host, isFolder(host) ? 0o775 : 0o664);
    },
  },
  {
    name: "everyone's to write",
    put: (host, aside) => {
      restore(host, aside);
      if (!Deno.lstatSync(host).isSymlink) Deno.chmodSync(host, isFolder(host) ? 0o777 : 0o666);
    },
  },
  {
    name: "folder",
    put: (host) => {
      Deno.mkdirSync(host);
      Deno.writeTextFileSync(`${host}/inside`, "inside\n");
    },
  },
  { name: "file", put: (host) => Deno.writeTextFileSync(host, "not what was expected\n") },
  {
    name: "folders in each other without end",
    put: (host) =>
      sh(
        'mkdir "$1"; cd "$1"; for part in $(seq "$2"); do mkdir -p "$3"; cd -P "$3"; done',
        host,
        String(DEEP / 550),
        "deep/".repeat(550),
      ),
  },
  { name: "garbage", put: (host) => Deno.writeTextFileSync(host, '\x1b[2J{"version":1e999,\0\n') },
];

function outsideName(outside: string): string {
  return `/${outside.split("/").at(-1)}`;
}
