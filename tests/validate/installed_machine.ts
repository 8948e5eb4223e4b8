/** Machines that are installed, for the tests of validator: made once per test file, copied for each test. */
import { equal } from "node:assert/strict";
import { changeText } from "../support/change_text.ts";
import { runTool, type RunToolOptions, type ToolResult } from "../support/executable.ts";
import { executables } from "../support/launch.ts";
import { age, LOCK, placeFor } from "../support/made_once.ts";
import { mustRun } from "../support/must_run.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { type StandIns, standIns } from "../support/stand_ins.ts";
import { installer, source } from "../e2e/installer.ts";
import { answerWell, settle } from "./settle.ts";

/** What an installed machine is made of: the tool, its source, the machine and the programs on it. */
const SOURCES = [
  ...["cmd", "lib", "nix", "deno.json", "deno.lock", "flake.lock", "flake.nix"],
  ...["tests/support", "tests/e2e/installer.ts", "tests/validate"],
];

/** A machine that was installed and would be healthy, with its stand-ins. */
export class InstalledMachine implements Disposable {
  private constructor(readonly root: string, readonly stand: StandIns) {}

  /**
   * One that system-installer has really made, once for all test files of a run.
   * @param options further ones of system-installer
   */
  static async install(options: readonly string[] = []): Promise<InstalledMachine> {
    const folder = placeFor({ sources: SOURCES, also: `${executables} ${options.join(" ")}` });
    using lock = Deno.openSync(`${folder}/${LOCK}`, { create: true, write: true });
    await lock.lock(true);
    const root = `${folder}/root`;
    if (age(root) === undefined) {
      using first = await InstalledMachine.#install(options);
      Deno.renameSync(first.root, root);
      Deno.mkdirSync(first.root);
    }
    return InstalledMachine.#copyOf(root);
  }

  /** Really installs; takes some seconds. */
  static async #install(options: readonly string[]): Promise<InstalledMachine> {
    using machine: ScratchMachine = scratchMachine("uefi");
    using programs = standIns();
    using from = source();
    const run = installer(machine, programs, from);
    const { code, stdout, stderr } = await run([
      "--action",
      "switch",
      "--skip-update-check",
      "--yes",
      ...options,
    ]);
    equal(code, 0, stdout + stderr);
    await settle(machine.root);
    return InstalledMachine.#copyOf(machine.root);
  }

  /** Another one like this. */
  copy(): InstalledMachine {
    return InstalledMachine.#copyOf(this.root);
  }

  static #copyOf(root: string): InstalledMachine {
    const copy = Deno.makeTempDirSync({ prefix: "installed-" });
    mustRun("cp", ["-a", `${root}/.`, copy]);
    const stand = standIns();
    answerWell(stand);
    return new InstalledMachine(copy, stand);
  }

  /** Runs validator inside it; GitHub is a server that answers. */
  async run(args: readonly string[] = [], options: RunToolOptions = {}): Promise<ToolResult> {
    const listening = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    await using server = Deno.serve(listening, () => new Response("{}"));
    const env = { GITHUB_API_URL: `http://127.0.0.1:${server.addr.port}`, ...options.env };
    return await runTool("validator", args, { ...this.launch, ...options, env });
  }

  /** How a tool is started inside it. */
  get launch(): RunToolOptions {
    return { inside: this.root, standIns: this.stand.folder };
  }

  host(path: string): string {
    return this.root + path;
  }

  read(path: string): string {
    return Deno.readTextFileSync(this.host(path));
  }

  write(path: string, text: string, mode = 0o644): void {
    Deno.mkdirSync(this.host(path).replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
    Deno.writeTextFileSync(this.host(path), text);
    Deno.chmodSync(this.host(path), mode);
  }

  link(path: string, target: string): void {
    Deno.symlinkSync(target, this.host(path));
  }

  chmod(path: string, mode: number): void {
    Deno.chmodSync(this.host(path), mode);
  }

  /** Replaces in a file; see {@link changeText}. */
  change(path: string, from: string | RegExp, to: string): void {
    changeText(this.host(path), from, to);
  }

  remove(path: string): void {
    Deno.removeSync(this.host(path), { recursive: true });
  }

  [Symbol.dispose](): void {
    this.stand[Symbol.dispose]();
    Deno.removeSync(this.root, { recursive: true });
  }
}
