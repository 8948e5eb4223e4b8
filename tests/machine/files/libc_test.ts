import { equal, throws } from "node:assert/strict";
import {
  cString,
  libc,
  OPEN,
  opener,
  openStepByStep,
  openWithoutLinks,
} from "../../../lib/machine/files/libc.ts";
import { isAlive, until } from "../../support/until.ts";
import { mustRun } from "../../support/must_run.ts";
import { withScratch } from "../../support/scratch_files.ts";

/** What a way of opening leads to: the real path; undefined when it was not opened. */
function opened(open: typeof openWithoutLinks, path: string, flags: number): string | undefined {
  const descriptor = open(path, flags | OPEN.closeOnExec);
  if (descriptor < 0) return undefined;
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`);
  } finally {
    libc().close(descriptor);
  }
}

Deno.test("both ways to open without links open the same, and refuse the same", async () => {
  await withScratch({
    "folder/deep/file": "x",
    "a\nb ü/file": "x",
    "way": { link: "folder" },
    "folder/up": { link: ".." },
    "nowhere": { link: "none" },
    "loop": { link: "loop" },
    "magic": { link: "/proc/self/cwd" },
  }, (made) => {
    const top = Deno.realPathSync(made);
    mustRun("mkfifo", [`${top}/pipe`]);
    const ways = new Set([opener(), openStepByStep]);
    for (const open of ways) {
      const path = OPEN.path | OPEN.noFollow;
      for (const name of ["folder", "folder/deep/file", "a\nb ü/file", "pipe"]) {
        equal(opened(open, `${top}/${name}`, path), `${top}/${name}`, `${open.name} ${name}`);
      }
      equal(opened(open, `${top}//folder/./deep/`, path), `${top}/folder/deep`);
      equal(opened(open, "/", path | OPEN.directory), "/");
      for (const name of ["way", "nowhere", "loop", "magic"]) {
        equal(opened(open, `${top}/${name}`, path), `${top}/${name}`, "held itself, not followed");
        equal(opened(open, `${top}/${name}`, 0), undefined, `${open.name} ${name}`);
      }
      for (
        const name of [
          "way/deep/file",
          "folder/up/folder",
          "magic/x",
          "none",
          "folder/deep/file/below",
        ]
      ) {
        equal(opened(open, `${top}/${name}`, path), undefined, `${open.name} ${name}`);
      }
      equal(opened(open, `${top}/folder/deep/file`, path | OPEN.directory), undefined);
    }
  });
});

Deno.test("openStepByStep() opens a pipe without waiting for who writes into it, when told so", async () => {
  await withScratch({}, (top) => {
    mustRun("mkfifo", [`${top}/pipe`]);
    const descriptor = openStepByStep(`${top}/pipe`, OPEN.nonBlocking | OPEN.closeOnExec);
    equal(descriptor >= 0, true);
    libc().close(descriptor);
  });
});

Deno.test("descriptors of ours are closed in children", async () => {
  const descriptor = openStepByStep("/etc", OPEN.path | OPEN.directory | OPEN.closeOnExec);
  const child = new Deno.Command("sleep", { args: ["600"] }).spawn();
  try {
    // Until it is sleep, it is a copy of this program.
    await until(
      "sleep runs",
      () => Deno.readTextFileSync(`/proc/${child.pid}/comm`) === "sleep\n" ? true : undefined,
    );
    const held = [...Deno.readDirSync(`/proc/${child.pid}/fd`)].map(({ name }) => Number(name));
    equal(held.includes(descriptor), false);
    equal(isAlive(child.pid), true);
  } finally {
    libc().close(descriptor);
    child.kill("SIGKILL");
    await child.status;
  }
});

Deno.test("cString() ends with a zero byte and has no other, in whatever letters", () => {
  equal(new TextDecoder().decode(cString("/a b/ü\n")), "/a b/ü\n\0");
  throws(() => cString("/etc\0/passwd"), TypeError);
});
