import { deepEqual, equal, match, ok } from "node:assert/strict";
import { CHECKS } from "../../lib/validate/registry.ts";
import { blocking, exitCodeOf, validate } from "../../lib/validate/validate.ts";
import { Root } from "../../lib/machine/root.ts";
import { testContext } from "../support/context.ts";
import { scratchMachine } from "../support/scratch_machine.ts";

async function inFolder(work: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "validate-" });
  try {
    await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("validate() does the quick checks, and tells of each in the order in which they end", () =>
  inFolder(async (root) => {
    const seen: string[] = [];
    const report = await validate(testContext({ root }), {
      quick: true,
      onResult: ({ check }, done, total) => seen.push(`${check.id} ${done}/${total}`),
    });
    const quick = CHECKS.filter((check) => check.quick).map(({ id }) => id);
    deepEqual(report.results.map(({ check }) => check.id), quick);
    deepEqual(
      seen.map((line) => line.split(" ")[1]),
      quick.map((_, index) => `${index + 1}/${quick.length}`),
    );
    ok(blocking(report).some(({ check }) => check.id === "hypervisor-folder"));
    equal(exitCodeOf(report), 6);
  }));

Deno.test("validate() stops with the signal's reason", () =>
  inFolder(async (root) => {
    const ctx = testContext({ root });
    const reason = new Error("stopped");
    ctx.abort(reason);
    let caught: unknown;
    await validate(ctx, { quick: true }).catch((error) => caught = error);
    equal(caught, reason);
  }));

Deno.test("validate() knows that root comes in by key on a rented server, and where sshd refuses that", async () => {
  using machine = scratchMachine("rented");
  const administrators = async () => {
    const { results } = await validate(testContext({ root: machine.root }), { quick: true });
    return results.find(({ check }) => check.id === "administrators");
  };
  const found = await administrators();
  equal(found?.status, "pass");
  match(found!.detail, /root logs in over SSH with a key/);
  const config = Deno.readTextFileSync(new Root(machine.root).follow("/etc/ssh/sshd_config"));
  Deno.removeSync(machine.host("/etc/ssh/sshd_config"));
  machine.write("/etc/ssh/sshd_config", config.replace(/PermitRootLogin .*/, "PermitRootLogin no"));
  equal((await administrators())?.status, "fail");
});

Deno.test("validate() skips what a tool is missing for", () =>
  inFolder(async (root) => {
    await Deno.mkdir(`${root}/etc/nixos`, { recursive: true });
    await Deno.writeTextFile(`${root}/etc/nixos/hardware-configuration.nix`, "{ }\n");
    const ctx = testContext({ root });
    const run = Object.assign(
      (command: string, ...rest: [readonly string[]]) => ctx.run(`no-${command}`, ...rest),
      { which: () => undefined, env: ctx.run.env },
    );
    const report = await validate({ ...ctx, run }, { quick: true });
    const result = report.results.find(({ check }) => check.id === "hardware-configuration");
    equal(result?.status, "skip");
    match(result!.detail, /not known: command "no-nix-instantiate" not found/);
  }));
