import { deepEqual, equal } from "node:assert/strict";
import {
  FolderCalls,
  readStatx,
  STATX_BASIC_STATS,
} from "../../../lib/machine/files/folder_calls.ts";
import { cString } from "../../../lib/machine/files/libc.ts";
import { mustRun } from "../../support/must_run.ts";
import { openBelow } from "../../support/open_files.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

Deno.test("FolderCalls.stat() tells of every kind of file what lstat tells", async () => {
  const files: Record<string, ScratchEntry> = {
    "plain": "text",
    "empty": "",
    "name with blank\nand a line": "x",
    "ümläut – ”": "x",
    "folder/deep/file": "below",
    "link": { link: "plain" },
    "nowhere": { link: "none" },
    "loop": { link: "loop" },
    "large": new Uint8Array(5_000_000),
  };
  await withScratch(files, (top) => {
    mustRun("mkfifo", [`${top}/pipe`]);
    Deno.chmodSync(`${top}/plain`, 0o4751);
    Deno.utimeSync(`${top}/plain`, 1_234_567_890.987, 1_234_567_890.987);
    Deno.utimeSync(`${top}/empty`, 0, 0);
    Deno.utimeSync(`${top}/large`, 4_000_000_000, 4_000_000_000);
    using folder = FolderCalls.open(top)!;
    for (const name of [...Object.keys(files), "pipe", "folder", "folder/deep", "."]) {
      const info = Deno.lstatSync(`${top}/${name}`);
      equal(folder.stat(cString(name)), true, name);
      const { mode, uid, size, mtime, ctime, inode } = folder.found;
      equal(mode, info.mode, name);
      equal(uid, info.uid);
      equal(size, info.size);
      equal(mtime, info.mtime!.getTime(), name);
      equal(ctime, Math.floor(info.ctime!.getTime() / 1000));
      equal(inode, info.ino);
    }
    for (const name of ["none", "plain/below", "loop/below", ""]) {
      equal(folder.stat(cString(name)), false, name);
    }
  });
});

Deno.test("FolderCalls.stat() leaves to others what it cannot say: a time before 1970", async () => {
  await withScratch({ "old": "" }, (top) => {
    mustRun("touch", ["-d", "1960-01-01", `${top}/old`]);
    using folder = FolderCalls.open(top)!;
    // A file system that knows no such time has changed it.
    const isOld = Deno.lstatSync(`${top}/old`).mtime!.getTime() < 0;
    equal(folder.stat(cString("old")), !isOld);
  });
});

Deno.test("FolderCalls.open() opens a folder alone, through no link, and frees what it opened", async () => {
  await withScratch({ "folder/x": "", "file": "", "link": { link: "folder" } }, (top) => {
    for (const name of ["file", "link", "none", "file/below"]) {
      equal(FolderCalls.open(`${top}/${name}`), undefined, name);
    }
    for (let n = 0; n < 50; n++) {
      using _folder = FolderCalls.open(`${top}/folder`);
      deepEqual(openBelow(top), [`${top}/folder`]);
    }
    deepEqual(openBelow(top), []);
  });
});

Deno.test("readStatx() takes nothing of which something is missing", () => {
  const found = { mode: 0, uid: 0, size: 0, mtime: 0, ctime: 0, inode: 0 };
  const info = new Uint32Array(64);
  info[0] = STATX_BASIC_STATS;
  equal(readStatx(info, found), true);
  for (let bit = 1; bit <= STATX_BASIC_STATS; bit <<= 1) {
    info[0] = STATX_BASIC_STATS & ~bit;
    equal(readStatx(info, found), false, `without ${bit.toString(16)}`);
  }
});
