import { quote } from "../../../lib/machine/shell_words.ts";
import { killGroup } from "../until.ts";

/** Who races: an account of every scratch machine, without any right. */
export const ALICE = { uid: 1000, gid: 100 } as const;

/** What a user does again and again with a path of his; shell, with the path in `$1`. */
export interface Trick {
  readonly name: string;
  readonly script: string;
}

/** A file outside of all that is his, which he can read. */
const PRECIOUS = "/etc/precious";

/** Tricks with a path that is a file usually. */
export const FILE_TRICKS: readonly Trick[] = [
  link("a link to root's file", PRECIOUS),
  link("a link to shadow", "/etc/shadow"),
  link("a relative link to root's file", "../../../../../../../../etc/precious"),
  link("a link to what is not there", "/etc/nologin"),
  link("a link to what blocks", "/dev/tty"),
  {
    name: "a hard link to root's file",
    script: `${mine()}; ln -f "$PRECIOUS" "$1.x" && mv -f "$1.x" "$1"`,
  },
  { name: "a pipe", script: `${mine()}; mkfifo "$1.x" && mv -f "$1.x" "$1"` },
  {
    name: "a folder",
    script: `${mine()}; rm -f "$1"; mkdir "$1"; : > "$1/in"; rm -rf "$1"`,
  },
  {
    name: "a huge file",
    script: `${mine()}; truncate -s 3T "$1.x" || truncate -s 100G "$1.x"; mv -f "$1.x" "$1"`,
  },
  { name: "permissions", script: `${mine()}; chmod 666 "$1"; chmod 000 "$1"; chmod 4755 "$1"` },
  { name: "nothing", script: `${mine()}; rm -f "$1"` },
  { name: "growth", script: `${mine()}; seq 100000 >> "$1"` },
];

/** Tricks with a path that is a folder usually; `$1.kept` is the folder. */
export const FOLDER_TRICKS: readonly Trick[] = [
  swap("a link to root's folder", 'ln -s /etc "$1"', 'rm -f "$1"'),
  swap("a relative link", 'ln -s ../../../../../../../etc "$1"', 'rm -f "$1"'),
  swap("a link to itself", 'ln -s "$1" "$1"', 'rm -f "$1"'),
  swap("a pipe", 'mkfifo "$1"', 'rm -f "$1"'),
  swap("nothing", ":", ":"),
  swap("another folder", 'mkdir "$1"; : > "$1/flake.nix"', 'rm -rf "$1"'),
  { name: "permissions", script: 'chmod 777 "$1"; chmod 000 "$1"; chmod 755 "$1"' },
  {
    name: "depth",
    script: 'mkdir -p "$1/deep/$(printf "d/%.0s" $(seq 900))"; rm -rf "$1/deep"',
  },
];

/** With a folder that holds temporary folders, where everyone may make files. */
export const TEMPORARY_TRICK: Trick = {
  name: "what others make in TMPDIR",
  script:
    'for made in "$1"/tmp-*/*; do mv "$made" "$made.x" && ln -s /etc "$made"; done; sleep 0.01',
};

function mine(): string {
  return 'rm -rf "$1"; echo mine > "$1"; chmod 644 "$1"';
}

function link(name: string, target: string): Trick {
  return { name, script: `${mine()}; ln -s ${quote(target)} "$1.x"; mv -f "$1.x" "$1"` };
}

function swap(name: string, put: string, away: string): Trick {
  return {
    name,
    script: `mv "$1" "$1.kept"; ${put}; ${away}; mv "$1.kept" "$1"`,
  };
}

/** A user who plays tricks until disposed. */
export class Stranger implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  /**
   * @param tricks with the host paths that they are played with
   * @param root of the machine, whose precious file is meant where a link cannot say it
   */
  constructor(tricks: readonly (readonly [Trick, string])[], root: string) {
    const loops = tricks.map(([{ script }, path]) =>
      `(set -- ${quote(path)}; while :; do ${script}; done) &`
    );
    this.#child = new Deno.Command("setpriv", {
      args: [
        `--reuid=${ALICE.uid}`,
        `--regid=${ALICE.gid}`,
        "--clear-groups",
        "sh",
        "-c",
        `${loops.join("\n")}\nwait`,
      ],
      env: { PRECIOUS: root + PRECIOUS },
      cwd: "/",
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([killGroup(this.#child.pid), this.#child.status]);
  }
}
