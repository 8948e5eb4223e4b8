/**
 * The promises, as checks of what can be seen from outside: each returns one line for every way in
 * which a promise is broken. They know nothing of the code under test.
 */
import { processes } from "../support/until.ts";
import { diffTrees, snapshotTree, type TreeSnapshot } from "../support/tree.ts";
import type { StruckRun } from "./struck_run.ts";

/** What a run that was not killed may exit with: the documented codes, and 128 + HUP, INT, TERM. */
const EXIT_CODES = [0, 1, 2, 3, 4, 5, 6, 129, 130, 143];

/** What nobody may see, with a name for it. */
export type Secrets = ReadonlyMap<string, string>;

/** It ended, with a documented code that fits what hit it, and not with a bug. */
export function exitProblems(run: StruckRun): string[] {
  const problems: string[] = [];
  if (run.hung) return ["it hung and had to be killed"];
  if (!EXIT_CODES.includes(run.code) && !(run.code === 137 && run.killed)) {
    problems.push(`exit code ${run.code} is not documented`);
  }
  const signalled = run.code > 128 && run.code !== 137;
  const strike = run.strike;
  if (signalled && !(strike && "signal" in strike && run.hit)) {
    problems.push(`exit code ${run.code} without a signal`);
  }
  const bug = /this is a bug[^\n]*|panicked at[^\n]*|Uncaught[^\n]*|has panicked[^\n]*/i
    .exec(run.stderr + run.stdout);
  if (bug) problems.push(`a bug is reported: ${bug[0].slice(0, 300)}`);
  // Before it has begun to listen, a signal ends it as any program.
  const early = run.signal !== null || run.code > 128 && run.stdout === "";
  const silent = run.code === 0 || early || run.strike?.kind === "pipe";
  if (!silent && run.stderr === "") {
    problems.push(`exit code ${run.code} without a word on stderr`);
  }
  return problems;
}

/** Nothing that steers a terminal, and no secret, is printed. */
export function outputProblems(text: string, from: string, secrets: Secrets): string[] {
  const problems: string[] = [];
  // deno-lint-ignore no-control-regex -- that is what is looked for
  const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
    .exec(text);
  if (control) {
    const around = text.slice(Math.max(0, control.index - 40), control.index + 40);
    problems.push(`a control character in ${from}: ${JSON.stringify(around)}`);
  }
  for (const [secret, name] of secrets) {
    if (text.includes(secret)) problems.push(`${name} in ${from}`);
  }
  return problems;
}

/** Nothing outside the folders that a tool owns is another: bytes, mode, owner, time, target. */
export function outsideProblems(
  before: TreeSnapshot,
  root: string,
  owned: readonly RegExp[],
): string[] {
  const now = snapshotTree(root, { ignore: owned, times: true });
  const changes = diffTrees(before, now);
  return changes === ""
    ? []
    : changes.split("\n").map((line) => `outside the owned folders: ${line}`);
}

/** Folders in which tools write: nothing with the name of a temporary file stays there. */
const WRITTEN = ["etc/hypervisor", "etc/nixos", "etc", "var/lib/hyper-nixos", "var/log"];
const TEMPORARY = /^\..*\.[0-9a-f]{8}\.tmp$|^\.src-staging-|^\.hypervisor-|\.tmp$/;

/** Where the owner's files are, with names that they chose. */
const OWNERS = /^etc\/hypervisor\/(src|\.src-previous\/tree)$|^var\/lib\/hyper-nixos\/backups\/./;

/** No temporary file and no staging folder is left. */
export function leftoverProblems(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string, deep: boolean) => {
    for (const { name, isDirectory } of list(`${root}/${folder}`)) {
      const path = `${folder}/${name}`;
      if (TEMPORARY.test(name)) found.push(path);
      else if (isDirectory && deep && !OWNERS.test(path)) visit(path, true);
    }
  };
  for (const folder of WRITTEN) visit(folder, folder !== "etc");
  return [...new Set(found)].map((path) => `left behind: ${path}`);
}

/** Nothing is left in a run's TMPDIR but what the stand-ins for NixOS's scripts, stopped, leave (mktemp(1)). */
export function temporaryProblems(temporary: string): string[] {
  return [...list(temporary)].filter(({ name }) => !/^tmp\.\w{10}$/.test(name))
    .map(({ name }) => `left behind in TMPDIR: ${name}`);
}

/**
 * No file that others can read holds a secret.
 * @param known secrets that others could read before: the owner's own configuration.nix tells them
 */
export function secretProblems(
  root: string,
  secrets: Secrets,
  known: ReadonlySet<string>,
): string[] {
  return filesWithSecrets(root, secrets)
    .filter(({ open, secret }) => open && !known.has(secret))
    .map(({ secret, path }) => `${secrets.get(secret)} can be read by others in ${path}`);
}

/** A file that holds a secret. */
export interface FileWithSecret {
  /** Below the root, starting with a slash. */
  readonly path: string;
  readonly secret: string;
  /** Whether its mode and those of all folders above it let others read it. */
  readonly open: boolean;
}

/** All files below a root that hold secrets. */
export function filesWithSecrets(root: string, secrets: Secrets): FileWithSecret[] {
  const found: FileWithSecret[] = [];
  const visit = (folder: string, entered: boolean) => {
    for (const { name, isDirectory, isFile } of list(root + folder)) {
      const path = `${folder}/${name}`;
      if (!isDirectory && !isFile) continue;
      const info = Deno.lstatSync(root + path);
      const mode = info.mode ?? 0;
      if (isDirectory) visit(path, entered && (mode & 0o001) !== 0);
      else if (info.size > 0 && info.size < 4_000_000) {
        const text = latin1(Deno.readFileSync(root + path));
        for (const secret of secrets.keys()) {
          if (text.includes(secret)) found.push({ path, secret, open: entered && (mode & 4) > 0 });
        }
      }
    }
  };
  visit("", true);
  return found;
}

/**
 * No process that a run started is there any more, dead ones included.
 * @param temporary the run's TMPDIR, which its children have in their environment
 */
export async function processProblems(run: StruckRun, temporary: string): Promise<string[]> {
  let left = processesOf(run.pid, temporary);
  // After a kill nobody tells the children; they end when they find nobody to talk to. And a machine that
  // does much else takes its time with what was ended.
  for (let wait = run.killed ? 400 : 60; left.length > 0 && wait > 0; wait--) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = processesOf(run.pid, temporary);
  }
  for (const { pid } of left) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  return left.map(({ pid, what }) => `process ${pid} is left: ${what}`);
}

function processesOf(group: number, temporary: string): { pid: number; what: string }[] {
  return [...processes()].filter(({ pid }) => pid !== Deno.pid).flatMap((one) => {
    try {
      const read = (name: string) => Deno.readTextFileSync(`/proc/${one.pid}/${name}`);
      const command = read("cmdline").replaceAll("\0", " ");
      const environment = read("environ").split("\0");
      if (one.group !== group && !environment.includes(`TMPDIR=${temporary}`)) return [];
      return [{ pid: one.pid, what: `${one.state} ${command || read("comm")}` }];
    } catch {
      return []; // It has ended, or is another user's.
    }
  });
}

/** Nobody holds the machine's lock. */
export function lockProblems(root: string): string[] {
  let inode: number | null;
  try {
    inode = Deno.statSync(`${root}/run/hyper-nixos.lock`).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  // proc_locks(5): device and inode, in the sixth field.
  const held = Deno.readTextFileSync("/proc/locks").split("\n")
    .some((line) => line.split(/\s+/)[5]?.endsWith(`:${inode}`) === true);
  return held ? ["the machine's lock is still held"] : [];
}

/** Every receipt is JSON of a known version, in a state that a finished run may leave. */
export function receiptProblems(root: string): string[] {
  const settled = ["applied", "built", "activated", "reverted", "undone"];
  const folder = `${root}/var/lib/hyper-nixos/receipts`;
  return [...list(folder)].flatMap(({ name }) => {
    try {
      const { version, state, steps } = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`));
      const half = steps.filter((step: { state: string }) => step.state === "doing").length;
      return [
        ...(version === 1 ? [] : [`receipt ${name} has version ${version}`]),
        ...(settled.includes(state) ? [] : [`receipt ${name} is left ${state}`]),
        ...(half === 0 ? [] : [`receipt ${name} has ${half} steps half-done`]),
      ];
    } catch (error) {
      return [`receipt ${name} cannot be read: ${error instanceof Error ? error.message : error}`];
    }
  });
}

function* list(folder: string): Generator<Deno.DirEntry> {
  try {
    yield* Deno.readDirSync(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
}

/** Bytes as characters, so that text is found in any file. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
