/** Machines that are installed, for the tests of validator: made once per test file, copied for each test. */
import { equal } from "node:assert/strict";
import { runTool, type RunToolOptions, type ToolResult } from "../support/executable.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { type StandIns, standIns } from "../support/stand_ins.ts";
import { installer, source } from "../e2e/installer.ts";
import { settle } from "./settle.ts";

/** A machine that was installed and would be healthy, with its stand-ins. */
export class InstalledMachine implements Disposable {
  private constructor(readonly root: string, readonly stand: StandIns) {}

  /** Really installs; takes some seconds. */
  static async install(): Promise<InstalledMachine> {
    using machine: ScratchMachine = scratchMachine("uefi");
    using programs = standIns();
    using from = source();
    const run = installer(machine, programs, from);
    const { code, stdout, stderr } = await run([
      "--action",
      "switch",
      "--skip-update-check",
      "--yes",
    ]);
    equal(code, 0, stdout + stderr);
    return InstalledMachine.#copyOf(machine.root);
  }

  /** Another one like this. */
  copy(): InstalledMachine {
    return InstalledMachine.#copyOf(this.root);
  }

  static #copyOf(root: string): InstalledMachine {
    const copy = Deno.makeTempDirSync({ prefix: "installed-" });
    sh("cp", "-a", `${root}/.`, copy);
    const stand = standIns();
    settle(copy, stand);
    return new InstalledMachine(copy, stand);
  }

  /** Runs validator inside it. */
  run(args: readonly string[] = [], options: RunToolOptions = {}): Promise<ToolResult> {
    const env = { GITHUB_API_URL: "http://127.0.0.1:9", ...options.env };
    return runTool("validator", args, {
      inside: this.root,
      standIns: this.stand.folder,
      timeout: 120_000,
      ...options,
      env,
    });
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

  remove(path: string): void {
    Deno.removeSync(this.host(path), { recursive: true });
  }

  [Symbol.dispose](): void {
    this.stand[Symbol.dispose]();
    Deno.removeSync(this.root, { recursive: true });
  }
}

/** Runs a command that must succeed. */
export function sh(command: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args }).outputSync();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}
