/** A scratch machine that syncs from a test server: what the end-to-end tests of smart-sync share. */
import { equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import { listIfExists } from "../../lib/machine/files/files.ts";
import { type AwkwardRepository, awkwardRepository } from "../support/awkward_repository.ts";
import { runTool, type RunToolOptions, type ToolResult } from "../support/executable.ts";
import type { Fault } from "../support/github/faults.ts";
import { GithubServer, type GithubServerOptions } from "../support/github/server.ts";
import { git } from "../support/repositories.ts";

/** `OWNER/NAME` that the server serves the awkward repository as. */
export const REPOSITORY = "owner/awkward";

export class SyncedMachine implements AsyncDisposable {
  private constructor(
    readonly directory: string,
    readonly repository: AwkwardRepository,
    readonly server: GithubServer,
  ) {}

  /** A machine without a source tree, and a server with the awkward repository. */
  static async start(options: Partial<GithubServerOptions> = {}): Promise<SyncedMachine> {
    const directory = await Deno.makeTempDir({ prefix: "sync-test-" });
    await Deno.mkdir(`${directory}/root/etc`, { recursive: true });
    await Deno.mkdir(`${directory}/root/var/lib`, { recursive: true });
    for (const folder of ["root", "root/etc", "root/var", "root/var/lib"]) {
      await Deno.chmod(`${directory}/${folder}`, 0o755);
    }
    const repository = await awkwardRepository(`${directory}/awkward.git`);
    const server = await GithubServer.start({
      ...options,
      repositories: [
        { owner: "owner", name: "awkward", directory: repository.directory },
        ...options.repositories ?? [],
      ],
    });
    return new SyncedMachine(directory, repository, server);
  }

  /** The machine's root. */
  get root(): string {
    return `${this.directory}/root`;
  }

  get tree(): string {
    return `${this.root}/etc/hypervisor/src`;
  }

  get hasTree(): boolean {
    return listIfExists(`${this.root}/etc/hypervisor`).includes("src");
  }

  /** The variables that point the tool to the server. */
  get env(): Record<string, string | undefined> {
    const { api, raw, server } = this.server.apart;
    return {
      GITHUB_API_URL: api,
      GITHUB_RAW_URL: raw,
      GITHUB_SERVER_URL: server,
      HYPERVISOR_REPO: REPOSITORY,
      ...(this.server.caFile ? { SSL_CERT_FILE: this.server.caFile } : {}),
    };
  }

  /** Runs smart-sync on this machine. */
  async sync(args: readonly string[] = [], options: RunToolOptions = {}): Promise<ToolResult> {
    return await runTool("smart-sync", args, {
      root: this.root,
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  /** Runs it and expects this exit code; gives all output when it is another. */
  async expect(
    code: number,
    args: readonly string[] = [],
    options: RunToolOptions = {},
  ): Promise<ToolResult> {
    const result = await this.sync(args, options);
    equal(result.code, code, `exit ${result.code}\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  /** Runs it with `--json` and expects success. */
  // deno-lint-ignore no-explicit-any -- the document is judged field by field
  async summary(args: readonly string[] = [], options: RunToolOptions = {}): Promise<any> {
    return JSON.parse((await this.expect(0, ["--json", ...args], options)).stdout);
  }

  /** The commit that the state names. */
  get stateCommit(): string | undefined {
    try {
      const text = Deno.readTextFileSync(`${this.root}/var/lib/hyper-nixos/sync/state.json`);
      return JSON.parse(text).commit;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Expects the tree to be a commit byte for byte, and nothing to be left beside it. */
  async expectCommit(commit: string, ignore: readonly string[] = []): Promise<void> {
    const counts = (line: string) => !ignore.some((path) => line.includes(`\t${path}`));
    const here = localListing(this.tree).filter(counts);
    const there = (await commitListing(this.repository.directory, commit)).filter(counts);
    const differences = [
      ...there.filter((line) => !here.includes(line)).map((line) => `missing: ${line}`),
      ...here.filter((line) => !there.includes(line)).map((line) => `too much: ${line}`),
    ];
    equal(differences.length, 0, `the tree is not ${commit}:\n${differences.join("\n")}`);
    this.expectNoLeftovers();
  }

  /** Expects no staging folder and no temporary file. */
  expectNoLeftovers(): void {
    const names = (folder: string) => listIfExists(`${this.root}/${folder}`).sort();
    const beside = names("etc/hypervisor").filter((name) => name !== ".src-previous");
    equal(beside.filter((name) => name !== "src").join(), "");
    equal(names("var/lib/hyper-nixos/sync").filter((name) => name.startsWith(".")).join(), "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Silence is given up soon only where it is what is tried: a loaded machine is silent now and then. */
export function patience({ kind }: Fault): RunToolOptions {
  return kind === "stall" ? { env: { HYPERVISOR_TIMEOUT: "1.5" } } : {};
}

/** `mode sha<TAB>path` of every file and link of a commit, as git lists it; submodules left out. */
export async function commitListing(directory: string, commit: string): Promise<string[]> {
  const text = await git(directory, ["ls-tree", "-r", "-z", "--full-tree", commit]);
  return text.split("\0").filter((line) => line !== "" && !line.startsWith("160000"))
    .map((line) => line.replace(/^(\d+) blob /, "$1 ")).sort();
}

/** The same of a folder on disk, folders checked to be 0755. */
export function localListing(top: string): string[] {
  const lines: string[] = [];
  const visit = (folder: string) => {
    for (const { name } of Deno.readDirSync(`${top}/${folder}`)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const info = Deno.lstatSync(`${top}/${path}`);
      const mode = (info.mode ?? 0) & 0o7777;
      if (info.isDirectory) {
        equal(mode, 0o755, path);
        visit(path);
      } else if (info.isSymlink) {
        const target = new TextEncoder().encode(Deno.readLinkSync(`${top}/${path}`));
        lines.push(`120000 ${gitName(target)}\t${path}`);
      } else {lines.push(
          `100${mode.toString(8)} ${gitName(Deno.readFileSync(`${top}/${path}`))}\t${path}`,
        );}
    }
  };
  visit("");
  return lines.sort();
}

function gitName(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
