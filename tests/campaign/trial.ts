import type { FaultRule } from "../support/github/faults.ts";
import { GithubServer } from "../support/github/server.ts";
import type { LaunchOptions } from "../support/launch.ts";
import {
  type MachineKind,
  type ScratchMachine,
  scratchMachine,
} from "../support/scratch_machine.ts";
import { snapshotTree, type TreeSnapshot } from "../support/tree.ts";
import type { History } from "./history.ts";
import { describeFaults } from "./network_faults.ts";
import {
  exitProblems,
  filesWithSecrets,
  leftoverProblems,
  lockProblems,
  outputProblems,
  outsideProblems,
  processProblems,
  receiptProblems,
  secretProblems,
  type Secrets,
  temporaryProblems,
} from "./promises.ts";
import type { Random } from "./random.ts";
import type { Strike } from "./strike.ts";
import { describeRun, type StruckRun, struckRun } from "./struck_run.ts";

/** `OWNER/NAME` that the server serves a history as. */
export const REPOSITORY = "owner/campaign";

/** What tools write to on every machine; everything else must stay as it was. */
export const OWNED: readonly RegExp[] = [
  /^etc\/hypervisor(\/|$)/,
  /^var\/lib\/hyper-nixos(\/|$)/,
  /^var\/log\/(hypervisor|nixos)(\/|$)/,
  /^run\/hyper-nixos\.lock$/,
];

/** One case: a scratch machine, what happens to it, and what was found wrong. */
export class Trial implements AsyncDisposable {
  /** What happened so far, a line each. */
  readonly story: string[] = [];
  readonly problems: string[] = [];
  readonly runs: StruckRun[] = [];
  /** How many runs met a fault of the network. */
  networkHits = 0;
  /** Paths that this case's tools may write to besides {@link OWNED}. */
  owned: readonly RegExp[] = OWNED;
  /** Whether everyone may write in TMPDIR, as in /tmp. */
  sharedTemporary = false;
  #started = 0;
  readonly #cleanUps: (() => void | Promise<void>)[] = [];
  #secrets: Map<string, string> = new Map();
  /** Secrets that others could read before anything was done. */
  #open: ReadonlySet<string> = new Set();
  #before: TreeSnapshot | undefined;
  #root: string | undefined;
  #server: GithubServer | undefined;
  #faulty = false;

  /** @param folder empty; what the case makes is in it, except for the machine */
  constructor(readonly random: Random, readonly folder: string, readonly canTrace: boolean) {
    const token = `ghp_${random.seed}Campaign${random.integer(1e9, 9e9)}`;
    this.#secrets.set(token, "the token");
    this.token = token;
  }

  /** A token that the server knows. */
  readonly token: string;

  get secrets(): Secrets {
    return this.#secrets;
  }

  /** Makes the machine of this case. */
  makeMachine(kind: MachineKind): ScratchMachine {
    const machine = scratchMachine(kind);
    // As on every machine that ever ran.
    for (const folder of ["/run", "/var/log"]) {
      Deno.mkdirSync(machine.host(folder), { recursive: true });
    }
    this.says(`machine ${kind}`);
    this.adopt(machine.root);
    return machine;
  }

  /** Makes the machine at this root that of this case. */
  adopt(root: string): void {
    this.#root = root;
    for (const line of Deno.readTextFileSync(`${root}/etc/shadow`).split("\n")) {
      const [name, hash = ""] = line.split(":");
      if (hash.length > 20) this.#secrets.set(hash, `the password hash of ${JSON.stringify(name)}`);
    }
  }

  /** The host path of the machine's `/`; undefined before there is one. */
  get place(): string | undefined {
    return this.#root;
  }

  get root(): string {
    if (this.#root === undefined) throw new Error("the case has no machine yet");
    return this.#root;
  }

  /** The host path of a machine path. */
  host(path: string): string {
    return this.root + path;
  }

  /** From now on nothing outside the owned folders may change, and no secret appear. */
  remember(): void {
    this.#before = snapshotTree(this.root, { ignore: this.owned, times: true });
    this.#open = new Set(
      filesWithSecrets(this.root, this.#secrets).filter(({ open }) => open)
        .map(({ secret }) => secret),
    );
  }

  /** Serves a repository as {@link REPOSITORY} while the case lasts. */
  async serve(history: Pick<History, "directory">): Promise<void> {
    const [owner, name] = REPOSITORY.split("/") as [string, string];
    const server = await GithubServer.start({
      repositories: [{ owner, name, directory: history.directory }],
      tokens: [this.token],
    });
    this.onEnd(() => server.close());
    this.useServer(server);
  }

  /** Syncs from a server that is somebody else's. */
  useServer(server: GithubServer): void {
    this.#server = server;
  }

  /** What the network does from now on. */
  setFaults(rules: readonly FaultRule[]): void {
    this.#server!.faults.set(rules);
    this.#faulty = rules.length > 0;
    if (rules.length > 0) this.says(`the network: ${describeFaults(rules)}`);
  }

  /** The variables that point a tool to the server. */
  get env(): Record<string, string> {
    const { api, raw, server } = this.#server!.apart;
    return {
      GITHUB_API_URL: api,
      GITHUB_RAW_URL: raw,
      GITHUB_SERVER_URL: server,
      HYPERVISOR_REPO: REPOSITORY,
      ...this.impatience,
      GITHUB_TOKEN: this.token,
    };
  }

  /** Silence is given up soon only where the network is at fault: a loaded machine is silent, too. */
  get impatience(): Record<string, string> {
    return this.#faulty ? { HYPERVISOR_TIMEOUT: "0.7", HYPERVISOR_DEADLINE: "8" } : {};
  }

  /** The same, but nothing answers. */
  get offline(): Record<string, string> {
    const nowhere = "http://127.0.0.1:2";
    return {
      ...this.env,
      GITHUB_API_URL: nowhere,
      GITHUB_RAW_URL: nowhere,
      GITHUB_SERVER_URL: nowhere,
    };
  }

  /** Runs a tool on the machine, and checks what holds for every run. */
  async run(
    tool: string,
    args: readonly string[],
    options: LaunchOptions & { readonly strike?: Strike | undefined } = {},
  ): Promise<StruckRun> {
    const met = this.#server?.faults.met ?? 0;
    const number = ++this.#started;
    const temporary = `${this.folder}/tmp-${number}`;
    Deno.mkdirSync(temporary);
    if (this.sharedTemporary) Deno.chmodSync(temporary, 0o1777);
    const run = await struckRun(tool, args, {
      ...(options.inside === undefined ? { root: this.root } : {}),
      ...options,
      env: { ...options.env, TMPDIR: temporary },
      traceFile: `${this.folder}/trace-${number}`,
    });
    this.runs.push(run);
    this.says(describeRun(run));
    if ((this.#server?.faults.met ?? 0) > met) this.networkHits++;
    const found = [
      ...exitProblems(run),
      ...outputProblems(run.stdout, "its output", this.#secrets),
      ...outputProblems(run.stderr, "its errors", this.#secrets),
      ...await processProblems(run, temporary),
      // What a killed run has left there nobody can know of, and what cannot be removed stays.
      ...(run.killed || cannotRemove(run) ? [] : temporaryProblems(temporary)),
    ];
    if (found.length > 0) this.tell(run);
    this.add(found);
    Deno.removeSync(temporary, { recursive: true });
    return run;
  }

  /** The checks that hold whenever nothing runs and what was cut off has been brought in order. */
  check(): void {
    this.add([
      ...lockProblems(this.root),
      ...leftoverProblems(this.root),
      ...receiptProblems(this.root),
      ...logProblems(this.root, this.#secrets),
      ...(this.#before ? outsideProblems(this.#before, this.root, this.owned) : []),
      ...secretProblems(this.root, this.#secrets, this.#open),
    ]);
  }

  /** Notes what is wrong. */
  add(problems: readonly string[]): void {
    for (const problem of problems.slice(0, 20)) {
      this.problems.push(problem);
      this.says(`!! ${problem}`);
    }
  }

  says(line: string): void {
    this.story.push(line);
  }

  /** Adds the end of what a run printed to the story. */
  tell({ stdout, stderr }: StruckRun): void {
    for (const [name, text] of [["stdout", stdout], ["stderr", stderr]] as const) {
      for (const line of text.trimEnd().split("\n").slice(-12)) {
        if (line !== "") this.says(`   ${name}: ${JSON.stringify(line).slice(1, -1)}`);
      }
    }
  }

  /** Done when the case ends, last first, also when it is kept. */
  onEnd(cleanUp: () => void | Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanUp of this.#cleanUps.reverse()) await cleanUp();
  }
}

function cannotRemove({ strike, hit }: StruckRun): boolean {
  return hit && strike?.kind === "error" && strike.at.calls.includes("unlink");
}

function logProblems(root: string, secrets: Secrets): string[] {
  const folder = `${root}/var/log/hypervisor`;
  try {
    // What is no file there is a hostile user's.
    return [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).flatMap(({ name }) =>
      outputProblems(Deno.readTextFileSync(`${folder}/${name}`), `the log ${name}`, secrets)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
