import assert from "node:assert/strict";
import { openStepByStep, openWithoutLinks } from "../../../lib/machine/files/libc.ts";
import {
  forgetFolders,
  inFolder,
  LinkInTheWay,
  pin,
  pinFolder,
  pinningOnce,
} from "../../../lib/machine/files/pinned.ts";
import { openBelow } from "../../support/open_files.ts";
import { withScratch } from "../../support/scratch_files.ts";

/** The kernel's own way, and the one for kernels and containers without it. */
const WAYS = { openat2: openWithoutLinks, "one step at a time": openStepByStep };

for (const [way, open] of Object.entries(WAYS)) {
  Deno.test(`pin() by ${way} follows no link, on the way or at the end`, async () => {
    await withScratch({
      "real/below/file": "x",
      "up": { link: "real" },
      "absolute": { link: "/etc" },
      "real/loop": { link: "loop" },
      "magic": { link: "/proc/self/root" },
    }, (folder) => {
      {
        using file = pin(`${folder}/real/below/file`, open);
        assert.equal(file.info().size, 1);
        using link = pin(`${folder}/up`, open);
        assert.equal(link.info().isSymlink, true);
        using below = pinFolder(`${folder}/real/below`, open);
        assert.equal(below.info().isDirectory, true);
        using root = pinFolder("/", open);
        assert.equal(root.info().ino, Deno.statSync("/").ino);
      }
      for (const path of ["up/below/file", "absolute/passwd", "real/loop/x", "magic/etc"]) {
        assert.throws(() => pin(`${folder}/${path}`, open), LinkInTheWay, path);
      }
      for (const path of ["up", "absolute", "magic"]) {
        assert.throws(() => pinFolder(`${folder}/${path}`, open), LinkInTheWay, path);
      }
    });
  });

  Deno.test(`pin() by ${way} says what is not there, and what is no folder`, async () => {
    await withScratch({ "file": "" }, (folder) => {
      assert.throws(() => pin(`${folder}/none`, open), Deno.errors.NotFound);
      assert.throws(() => pin(`${folder}/none/deeper`, open), Deno.errors.NotFound);
      assert.throws(() => pin(`${folder}/file/below`, open), Deno.errors.NotADirectory);
      assert.throws(() => pinFolder(`${folder}/file`, open), Deno.errors.NotADirectory);
      assert.throws(() => pin(`${folder}/file\0/../../etc`, open), TypeError);
    });
  });
}

Deno.test("inFolder() stays in the folder it began in, whatever takes that folder's name", async () => {
  await withScratch({ "a/": "", "elsewhere/": "" }, (folder) => {
    inFolder(`${folder}/a/file`, (path) => {
      Deno.renameSync(`${folder}/a`, `${folder}/moved`);
      Deno.symlinkSync("elsewhere", `${folder}/a`);
      Deno.writeTextFileSync(path, "mine");
    });
    assert.equal(Deno.readTextFileSync(`${folder}/moved/file`), "mine");
    assert.deepEqual([...Deno.readDirSync(`${folder}/elsewhere`)], []);
  });
});

Deno.test("inFolder() tells errors in terms of the path that was given", async () => {
  await withScratch({}, (folder) => {
    assert.throws(() => inFolder(`${folder}/none`, Deno.lstatSync), (error: Error) => {
      assert.ok(error instanceof Deno.errors.NotFound);
      assert.ok(error.message.includes(`${folder}/none`), error.message);
      assert.ok(!error.message.includes("/proc/"), error.message);
      return true;
    });
  });
});

Deno.test("pin() leaves no descriptor open, whether it succeeds or not", async () => {
  await withScratch({ "file": "", "link": { link: "." } }, (folder) => {
    // The runtime opens and closes others meanwhile: only those of this folder and of the way to it.
    const open = () =>
      [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => opened(`/proc/self/fd/${name}`))
        .filter((path) => path.startsWith(folder) || folder.startsWith(path)).toSorted();
    using _held = pin(folder);
    const before = open();
    assert.ok(before.includes(folder), before.join(" "));
    for (const way of Object.values(WAYS)) {
      for (let time = 0; time < 5; time++) {
        for (const name of ["file", "link", "none", "link/file", "file/below"]) {
          try {
            pin(`${folder}/${name}`, way)[Symbol.dispose]();
          } catch {
            // Refused, as it should be.
          }
        }
      }
    }
    assert.deepEqual(open(), before);
  });
});

/** What a descriptor was opened for; `-` for one that was closed since it was listed. */
function opened(descriptor: string): string {
  try {
    return Deno.readLinkSync(descriptor);
  } catch {
    return "-";
  }
}

Deno.test("pinningOnce() holds folders, not their names, until they are forgotten", async () => {
  await withScratch({ "a/file": "one", "other": { link: "/etc" } }, (folder) => {
    const read = () => inFolder(`${folder}/a/file`, (path) => Deno.readTextFileSync(path));
    pinningOnce(() => {
      assert.equal(read(), "one");
      assert.deepEqual(openBelow(folder), [`${folder}/a`]);
      Deno.renameSync(`${folder}/a`, `${folder}/b`);
      Deno.symlinkSync("/etc", `${folder}/a`);
      // The folder that was opened and checked, wherever it is now.
      assert.equal(read(), "one");
      forgetFolders();
      assert.throws(read, LinkInTheWay);
    });
    assert.deepEqual(openBelow(folder), []);
    assert.throws(read, LinkInTheWay);
  });
});

Deno.test("pinningOnce() holds few folders at a time, and none that is in use is let go", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [`${n}/file`, String(n)]),
  );
  await withScratch(files, (folder) => {
    pinningOnce(() => {
      for (let round = 0; round < 2; round++) {
        for (let n = 0; n < 100; n++) {
          // Begun in the folder that was used longest ago, with another one used meanwhile.
          inFolder(`${folder}/${n}/file`, (path) => {
            const other = inFolder(`${folder}/${(n + 50) % 100}/file`, Deno.readTextFileSync);
            assert.equal(other, String((n + 50) % 100));
            assert.equal(Deno.readTextFileSync(path), String(n));
          });
        }
      }
      assert.ok(openBelow(folder).length <= 32);
    });
    assert.deepEqual(openBelow(folder), []);
  });
});

Deno.test("pinningOnce() lets go of everything when its work fails", async () => {
  await withScratch({ "a/file": "" }, (folder) => {
    const work = () => {
      inFolder(`${folder}/a/file`, Deno.lstatSync);
      inFolder(`${folder}/a/none`, Deno.lstatSync);
    };
    assert.throws(() => pinningOnce(work), /\/a\/none/);
    assert.deepEqual(openBelow(folder), []);
  });
});
