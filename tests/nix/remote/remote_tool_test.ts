import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import type { RemoteMachine } from "../../../lib/machine/ssh/remote_machine.ts";
import { findTool } from "../../../lib/nix/remote/remote_tool.ts";
import { TOOLS_ROOT } from "../../../lib/nix/tools.ts";
import { testContext } from "../../support/context.ts";

const OWN = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hyper-nixos-tools";
const TOOL = { name: "rebuild-helper", version: "1.2.3" };
const HERE = `${Deno.build.arch}-linux`;

/** A machine whose shell runs here, with its tools in a folder. */
class There implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "there-" });

  /** A tool that says this with --version. */
  tool(folder: string, says: string): void {
    Deno.mkdirSync(`${this.root}${folder}`, { recursive: true });
    const script = `#!/bin/sh\n${says}\n`;
    Deno.writeTextFileSync(`${this.root}${folder}/${TOOL.name}`, script, { mode: 0o755 });
  }

  machine(changes: Partial<RemoteMachine> = {}): RemoteMachine {
    const ctx = testContext();
    return {
      ssh: {
        destination: "root@vm",
        options: [],
        socket: "",
        sh: (script) => {
          const here = script.replaceAll(/(?<=[\s'"=])(?=\/run\/current|\/nix\/)/g, this.root);
          return ctx.run("/bin/sh", ["-c", here], { accept: "any" });
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
      hostName: "vm",
      platform: HERE,
      isNixos: true,
      freeStore: undefined,
      terminal: false,
      elevation: [],
      folder: "/tmp/x",
      [Symbol.asyncDispose]: () => Promise.resolve(),
      ...changes,
    };
  }

  /** What is found, with paths of that machine. */
  async find(changes: Partial<RemoteMachine> = {}, executable?: string) {
    const ctx = testContext({ env: { HYPERVISOR_EXECUTABLE: executable ?? "" } });
    const { path, copy } = await findTool(ctx, this.machine(changes), TOOL);
    return [path.replace(this.root, ""), copy];
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

const SYSTEM = "/run/current-system/sw/bin";
const SAYS = 'echo "rebuild-helper 1.2.3"';

Deno.test("findTool() takes this very package, and copies it where it is not", async () => {
  using there = new There();
  const own = `${OWN}/bin/rebuild-helper`;
  deepEqual(await there.find({}, own), [own, OWN]);
  there.tool(`${OWN}/bin`, "exit 1");
  deepEqual(await there.find({}, own), [own, undefined]);
});

Deno.test("findTool() takes an installed one of the same version, and no other", async () => {
  using there = new There();
  const roots = `${TOOLS_ROOT}/bin`;
  for (
    const says of ['echo "rebuild-helper 1.2.30"', "echo 1.2.3", "exit 1", 'echo "validator 1.2.3"']
  ) {
    there.tool(SYSTEM, says);
    await rejects(there.find(), { code: ExitCode.MissingDependency }, says);
  }
  there.tool(roots, SAYS);
  deepEqual(await there.find(), [`${roots}/rebuild-helper`, undefined]);
  there.tool(SYSTEM, SAYS);
  deepEqual(await there.find(), [`${SYSTEM}/rebuild-helper`, undefined]);
});

Deno.test("findTool() copies no program to a machine of another kind, nor one that is no package", async () => {
  using there = new There();
  const other = HERE === "x86_64-linux" ? "aarch64-linux" : "x86_64-linux";
  const own = `${OWN}/bin/rebuild-helper`;
  await rejects(there.find({ platform: other }, own), (error: Error & { hint?: string }) => {
    match(error.hint ?? "", new RegExp(`it is a ${other} machine`));
    return true;
  });
  for (const executable of ["/home/ann/rebuild-helper", `${OWN}/../x/bin/rebuild-helper`]) {
    await rejects(there.find({}, executable), { code: ExitCode.MissingDependency });
  }
  there.tool(SYSTEM, SAYS);
  equal((await there.find({ platform: other }, own))[0], `${SYSTEM}/rebuild-helper`);
});

Deno.test("findTool() asks nothing of a machine that is no NixOS", async () => {
  using there = new There();
  there.tool(SYSTEM, SAYS);
  await rejects(there.find({ isNixos: false }), {
    code: ExitCode.Configuration,
    message: "root@vm does not run NixOS",
  });
});
