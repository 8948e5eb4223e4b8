import { deepEqual, equal, match } from "node:assert/strict";
import {
  canElevate,
  cannotElevate,
  ELEVATORS,
  FIND_ELEVATOR,
} from "../../../lib/machine/accounts/elevators.ts";
import { findOnPath } from "../../../lib/machine/run.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

/** What the shell of another machine finds, as it is asked there. */
function foundBySh(name: string, path: string): string | undefined {
  const { success, stdout } = new Deno.Command("/bin/sh", {
    args: ["-c", `${FIND_ELEVATOR}\nelevator ${name}`],
    env: { PATH: path },
    clearEnv: true,
  }).outputSync();
  return success ? new TextDecoder().decode(stdout).trimEnd() : undefined;
}

Deno.test("FIND_ELEVATOR and findOnPath() find the same programs, in whatever folders", async () => {
  const program = "#!/bin/sh\n";
  const files: Record<string, ScratchEntry> = {
    "wrappers/sudo": program,
    "plain/sudo": program,
    "plain/doas": program,
    "plain/run0": program,
    "with blank/doas": program,
    "star[x]/run0": program,
    "starx/run0": program,
    "folders/sudo/x": "",
    "folders/run0/x": "",
    "links/sudo": { link: "../wrappers/sudo" },
    "links/doas": { link: "nowhere" },
    "closed/run0": program,
  };
  await withScratch(files, (top) => {
    for (const [name, entry] of Object.entries(files)) {
      if (entry === program) Deno.chmodSync(`${top}/${name}`, 0o755);
    }
    for (const name of ["wrappers/sudo", "with blank/doas"]) {
      Deno.chmodSync(`${top}/${name}`, 0o4755);
    }
    Deno.chmodSync(`${top}/closed/run0`, 0o644);
    const folders = [
      "wrappers",
      "plain",
      "with blank",
      "star[x]",
      "folders",
      "links",
      "closed",
      "none",
    ]
      .map((name) => `${top}/${name}`);
    // Each alone, each before the rest, and what people have in PATH by mistake.
    const paths = folders.flatMap((folder) => [
      folder,
      [folder, ...folders].join(":"),
      `:${folder}:`,
      `relative::${folder}`,
    ]);
    let found = 0;
    for (const path of [...paths, folders.toReversed().join(":"), ""]) {
      for (const elevator of ELEVATORS) {
        const { name } = elevator;
        const here = findOnPath(name, path, (mode) => canElevate(elevator, mode));
        equal(foundBySh(name, path), here, `${name} on ${path}`);
        if (here !== undefined) found++;
      }
    }
    equal(found > folders.length, true);
    equal(foundBySh("sudo", `${top}/plain:${top}/links`), `${top}/links/sudo`);
    equal(foundBySh("run0", `${top}/star[x]`), `${top}/star[x]/run0`);
  });
});

Deno.test("canElevate() asks for the setuid bit where a program cannot work without", () => {
  const can = (name: string, mode: number) =>
    canElevate(ELEVATORS.find((elevator) => elevator.name === name)!, mode);
  // NixOS's wrapper, its package, Debian's sudo, run0 of systemd.
  deepEqual(
    [can("sudo", 0o4511), can("sudo", 0o555), can("doas", 0o4755), can("run0", 0o755)],
    [true, false, true, true],
  );
  equal(can("sudo", 0o2755), false, "setgid makes nobody root");
  match(cannotElevate("/x/sudo"), /^\/x\/sudo has no setuid bit/);
});
