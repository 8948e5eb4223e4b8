/** An installed machine that updates from a test server: what the end-to-end tests of dev-update share. */
import { equal } from "node:assert/strict";
import { removeIfExists } from "../../lib/machine/files/files.ts";
import { encodeState } from "../../lib/sync/state.ts";
import { runTool, type RunToolOptions, type ToolResult } from "../support/executable.ts";
import { filesOf } from "../support/files_of.ts";
import { GithubServer } from "../support/github/server.ts";
import type { LaunchOptions } from "../support/launch.ts";
import { commit, initRepository } from "../support/repositories.ts";
import { InstalledMachine } from "../validate/installed_machine.ts";

/** `OWNER/NAME` that the server serves the machine's source as. */
const REPOSITORY = "owner/hyper-nixos";

/**
 * A machine that was really installed, and a server with three commits of its source: `v1` is what was
 * installed, `main` builds another system, `broken` does not evaluate.
 */
export class UpdatableMachine implements AsyncDisposable {
  private constructor(
    readonly installed: InstalledMachine,
    readonly commits: { readonly v1: string; readonly main: string; readonly broken: string },
    readonly server: GithubServer,
    readonly directory: string,
  ) {}

  /** @param options further ones of system-installer */
  static async install(options: readonly string[] = []): Promise<UpdatableMachine> {
    const installed = await InstalledMachine.install(options);
    const directory = await Deno.makeTempDir({ prefix: "update-test-" });
    await initRepository(directory);
    const source = installed.host("/etc/hypervisor/src");
    const v1 = await commit(directory, { ref: "refs/tags/v1", changes: filesOf(source) });
    const path = "nix/host.nix";
    const text = Deno.readTextFileSync(`${source}/${path}`);
    const etc = 'environment.etc."updated".text = "yes";';
    const change = (content: string) => [{ path, content }, { path: "NEWS", content: "news\n" }];
    const on = (ref: string, content: string) =>
      commit(directory, { ref: `refs/heads/${ref}`, from: v1, changes: change(content) });
    const main = await on(
      "main",
      text.replace("imports = [ ./module ]", `imports = [ ./module { ${etc} } ]`),
    );
    const broken = await on(
      "broken",
      text.replace("imports = [ ./module ]", 'imports = throw "broken"'),
    );
    const [owner, name] = REPOSITORY.split("/") as [string, string];
    const server = await GithubServer.start({ repositories: [{ owner, name, directory }] });
    return new UpdatableMachine(installed, { v1, main, broken }, server, directory);
  }

  /** Another machine like it. The server stays this one's. */
  copy(): UpdatedMachine {
    return new UpdatedMachine(this.installed.copy(), this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    this.installed[Symbol.dispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** One test's machine. */
export class UpdatedMachine implements Disposable {
  constructor(readonly machine: InstalledMachine, readonly from: UpdatableMachine) {
    const { v1 } = from.commits;
    const time = new Date().toISOString();
    const state = { version: 1 as const, repository: REPOSITORY, commit: v1, ref: "v1", time };
    this.write("/var/lib/hyper-nixos/sync/state.json", encodeState(state), 0o600);
    removeIfExists(machine.host("/var/lib/hyper-nixos/sync/index"));
    // What an activation that succeeds does, and the stand-in does not.
    this.write(
      "/run/standin-activation/hook",
      "#!/bin/sh\n[ -e /run/standin-activation/exit-test ] && exit 0\n" +
        'case "$1" in test | switch) ln -sfn "$2" /run/current-system ;; esac\n',
      0o755,
    );
  }

  /** How dev-update is started on this machine. */
  get launch(): LaunchOptions {
    const { api, raw, server } = this.from.server.together;
    return {
      inside: this.machine.root,
      standIns: this.machine.stand.folder,
      env: {
        GITHUB_API_URL: api,
        GITHUB_RAW_URL: raw,
        GITHUB_SERVER_URL: server,
      },
    };
  }

  run(args: readonly string[] = [], options: RunToolOptions = {}): Promise<ToolResult> {
    const env = { ...this.launch.env, ...options.env };
    return runTool("dev-update", args, { ...this.launch, ...options, env });
  }

  /** Runs it and expects this exit code; gives all output when it is another. */
  async expect(
    code: number,
    args: readonly string[] = [],
    options: RunToolOptions = {},
  ): Promise<ToolResult> {
    const result = await this.run(args, options);
    equal(result.code, code, `exit ${result.code}\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  write(path: string, text: string, mode = 0o644): void {
    this.machine.write(path, text, mode);
  }

  /** Which commit the sources are, by what a synced file says. */
  get sources(): "v1" | "main" | "broken" {
    const text = this.machine.read("/etc/hypervisor/src/nix/host.nix");
    return text.includes('throw "broken"') ? "broken" : text.includes('"updated"') ? "main" : "v1";
  }

  /** The store path of the running system, and of the boot default. */
  get running(): string {
    return Deno.readLinkSync(this.machine.host("/run/current-system"));
  }

  get bootDefault(): string {
    const profiles = "/nix/var/nix/profiles";
    const link = Deno.readLinkSync(this.machine.host(`${profiles}/system`));
    return Deno.readLinkSync(this.machine.host(`${profiles}/${link.split("/").at(-1)}`));
  }

  /** How often nixos-rebuild built. */
  get builds(): number {
    return this.machine.stand.calls("nixos-rebuild").filter(({ args }) => args[0] === "build")
      .length;
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }
}
