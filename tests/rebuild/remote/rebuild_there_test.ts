import { equal } from "node:assert/strict";
import { RUNNING_SPECIALISATION } from "../../../lib/rebuild/remote/rebuild_there.ts";
import { runningSpecialisation } from "../../../lib/nix/running_specialisation.ts";
import { testContext } from "../../support/context.ts";

/** A machine in a folder, what its shell says of it over SSH, and what the tool on it does. */
class Machine implements Disposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "there-" }));

  constructor() {
    for (const folder of ["/nix/store", "/nix/var/nix/profiles", "/run", "/etc", "/bin"]) {
      Deno.mkdirSync(this.root + folder, { recursive: true });
    }
  }

  /** A system with specialisations: names to where they lead. */
  system(name: string, specialisations: Record<string, string> = {}): string {
    const path = `${this.root}/nix/store/${name}`;
    Deno.mkdirSync(`${path}/specialisation`, { recursive: true });
    for (const [special, to] of Object.entries(specialisations)) {
      Deno.symlinkSync(`${this.root}/nix/store/${to}`, `${path}/specialisation/${special}`);
    }
    return path;
  }

  link(path: string, to: string): void {
    Deno.symlinkSync(to, this.root + path);
  }

  /** What refers to the running system, as nix-store tells it. */
  referrers(...systems: string[]): void {
    const script = `#!/bin/sh\n[ "$1 $2" = "--query --referrers" ] && printf '%s\\n' ${
      systems.map((name) => `${this.root}/nix/store/${name}`).join(" ")
    }\n`;
    Deno.writeTextFileSync(`${this.root}/bin/nix-store`, script, { mode: 0o755 });
  }

  says(): string {
    const script = RUNNING_SPECIALISATION.replaceAll(
      /(?<=^|[\s="])\/(?=run\/(?:curr|boot)|nix\/var\/nix\/profiles\/system|etc)/gm,
      `${this.root}/`,
    );
    const { stdout } = new Deno.Command("/bin/sh", {
      args: ["-c", script],
      env: { PATH: `${this.root}/bin:/usr/bin:/bin` },
      clearEnv: true,
    }).outputSync();
    return new TextDecoder().decode(stdout).trim();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

Deno.test("the shell over SSH finds the specialisation that runs, as the tool there does", () => {
  for (const where of ["/nix/var/nix/profiles/system-12-link", "/run/booted-system"]) {
    using machine = new Machine();
    machine.system("lean");
    machine.link(where, machine.system("base", { gaming: "other", "lean one": "lean" }));
    machine.link("/run/current-system", `${machine.root}/nix/store/lean`);
    equal(machine.says(), "lean one", where);
  }
});

Deno.test("a specialisation that was only tested is found by the system that refers to it", () => {
  using machine = new Machine();
  machine.link("/run/current-system", machine.system("lean"));
  machine.system("base", { lean: "lean" });
  machine.link("/nix/var/nix/profiles/system-12-link", machine.system("old"));
  equal(machine.says(), "");
  machine.referrers("lean", "old", "base");
  equal(machine.says(), "lean");
});

Deno.test("without a base that is known, what /etc/specialisation says counts, there and here", () => {
  using machine = new Machine();
  machine.link("/run/current-system", machine.system("alone"));
  equal(machine.says(), "");
  for (
    const [text, name] of [["gaming\n", "gaming"], ["  lean one \n\n", "lean one"], ["\n", ""]]
  ) {
    Deno.writeTextFileSync(`${machine.root}/etc/specialisation`, text!);
    equal(machine.says(), name);
    // The tool sees the machine's own paths.
    using other = new Machine();
    other.system("alone");
    other.link("/run/current-system", "/nix/store/alone");
    Deno.writeTextFileSync(`${other.root}/etc/specialisation`, text!);
    equal(runningSpecialisation(testContext({ root: other.root })) ?? "", name);
  }
});
