import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { places } from "../../../lib/machine/places.ts";
import { type ActivationRequest, startActivation } from "../../../lib/nix/activation/activation.ts";
import {
  activationFiles,
  activationIds,
  readActivationStatus,
} from "../../../lib/nix/activation/activation_status.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";

const OLD = "/nix/store/aaaa-nixos-system-vm-24.05";
const NEW = "/nix/store/bbbb-nixos-system-vm-24.11";

/** A machine without systemd: its systems are complete, what runs and boots is as told. */
class Machine implements Disposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "activate-" }));
  readonly ctx: TestContext;

  constructor() {
    for (const system of [OLD, NEW]) {
      Deno.mkdirSync(`${this.root}${system}/bin`, { recursive: true });
      for (const name of ["bin/switch-to-configuration", "nixos-version"]) {
        Deno.writeTextFileSync(`${this.root}${system}/${name}`, "");
      }
    }
    for (const folder of ["/nix/var/nix/profiles", "/run", "/bin"]) {
      Deno.mkdirSync(this.root + folder, { recursive: true });
    }
    for (const name of ["nix-env", "systemctl"]) {
      Deno.writeTextFileSync(`${this.root}/bin/${name}`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    }
    const env = {
      PATH: `${this.root}/bin:/usr/bin:/bin`,
      LOCALE_ARCHIVE: "/run/locale",
      NIXOS_NO_CHECK: "1",
      SECRET: "x",
    };
    this.ctx = testContext({ root: this.root, env });
  }

  link(path: string, to: string): void {
    Deno.symlinkSync(to, this.root + path);
  }

  /** Starts one, and returns what it began with and its script. */
  async start(request: Partial<ActivationRequest> = {}) {
    const head = await startActivation(this.ctx, {
      toplevel: NEW,
      base: NEW,
      action: "switch",
      confirmSeconds: 0,
      generation: "new",
      ...request,
    });
    const script = Deno.readTextFileSync(this.root + activationFiles(head.id).script);
    // The systems are none, so that it soon has.
    await until(
      "it has ended",
      () => readActivationStatus(this.ctx, head.id)?.phase === "done" || undefined,
    );
    return { head, script };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

Deno.test("startActivation() remembers what runs and boots, and what the way back leads to", async () => {
  using machine = new Machine();
  machine.link("/run/current-system", OLD);
  machine.link("/nix/var/nix/profiles/system-7-link", OLD);
  machine.link("/nix/var/nix/profiles/system", "system-7-link");
  const { head, script } = await machine.start({ confirmSeconds: 120, record: '{"a":1}' });
  deepEqual([head.toplevel, head.previous, head.previousDefault], [NEW, OLD, OLD]);
  ok(machine.ctx.pastNoReturn);
  const { status, record, script: file } = activationFiles(head.id);
  // The first step is recorded when it returns.
  equal(JSON.parse(Deno.readTextFileSync(machine.root + status)).id, head.id);
  equal(Deno.statSync(machine.root + file).mode! & 0o777, 0o700);
  equal(Deno.statSync(machine.root + places.activations).mode! & 0o777, 0o700);
  equal(Deno.readTextFileSync(machine.root + record), '{"a":1}');
  // A new generation forwards, the one that there is backwards.
  match(script, new RegExp(`'--set' '${NEW}'`));
  match(script, /'--switch-generation' '7'/);
});

Deno.test("startActivation() goes back to a generation that there is under its own number", async () => {
  using machine = new Machine();
  machine.link("/nix/var/nix/profiles/system-7-link", NEW);
  machine.link("/nix/var/nix/profiles/system-9-link", NEW);
  machine.link("/nix/var/nix/profiles/system-10-link", OLD);
  const { script, head } = await machine.start({ generation: "existing" });
  match(script, /'--switch-generation' '9'/);
  deepEqual([head.previous, head.previousDefault], [null, null]);
  // Where no profile is, there is nothing to put back.
  ok(!script.includes(`'${OLD}'`));
});

Deno.test("startActivation() starts nothing of a system that is incomplete, or that nobody could go back from", async () => {
  using machine = new Machine();
  const refused = async (request: Partial<ActivationRequest>, code: ExitCode, says: RegExp) => {
    await rejects(machine.start(request), { code, message: says });
    equal(machine.ctx.pastNoReturn, false);
    deepEqual(activationIds(machine.ctx), []);
  };
  await refused({ confirmSeconds: 60 }, ExitCode.General, /no running system to go back to/);
  await refused({ base: `${OLD}-gone` }, ExitCode.Configuration, /is not a complete NixOS system/);
  Deno.removeSync(`${machine.root}${NEW}/bin/switch-to-configuration`);
  await refused({}, ExitCode.Configuration, /bin\/switch-to-configuration missing/);
});

Deno.test("startActivation() stops for a signal that came before the start", async () => {
  using machine = new Machine();
  machine.ctx.abort(new Error("SIGTERM"));
  await rejects(machine.start(), { message: "SIGTERM" });
  Deno.removeSync(`${machine.root}/bin/systemctl`);
  await rejects(machine.start(), { message: "SIGTERM" });
  equal(machine.ctx.pastNoReturn, false);
});

Deno.test("startActivation() keeps the records of the last activations, whole, and no others", async () => {
  using machine = new Machine();
  const folder = machine.root + places.activations;
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  Deno.chmodSync(machine.root + places.state, 0o700);
  const id = (day: number) => `202601${String(day).padStart(2, "0")}T000000Z-00000000`;
  for (let day = 1; day <= 25; day++) {
    const { status, log, declarations } = activationFiles(id(day));
    for (const file of [status, log]) Deno.writeTextFileSync(machine.root + file, "{}");
    Deno.mkdirSync(machine.root + declarations);
    Deno.writeTextFileSync(`${machine.root}${declarations}/uid-map`, "{}");
  }
  await machine.start();
  const left = [...Deno.readDirSync(folder)].map(({ name }) => name.split(".")[0]!);
  equal(left.includes(id(5)), false);
  equal(left.filter((name) => name === id(6)).length, 3);
  equal(left.filter((name) => name === id(25)).length, 3);
});
