import assert from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { withScratch } from "../support/scratch_files.ts";
import { scratchMachine } from "../support/scratch_machine.ts";

Deno.test("host() resolves links above the last component inside the root", async () => {
  await withScratch({
    "store/etc/hostname": "inside",
    "etc/static": { link: "/store/etc" },
    "etc/hostname": { link: "/etc/static/hostname" },
    "var/run": { link: "/run" },
    "run/lock": "",
    "up": { link: "../../../../store" },
  }, (folder) => {
    const root = new Root(folder);
    assert.equal(root.host("/etc/hostname"), `${folder}/etc/hostname`);
    assert.equal(root.host("/etc/static/hostname"), `${folder}/store/etc/hostname`);
    assert.equal(root.follow("/etc/hostname"), `${folder}/store/etc/hostname`);
    assert.equal(root.realPath("/etc/hostname"), "/store/etc/hostname");
    assert.equal(root.host("/var/run/lock"), `${folder}/run/lock`);
    // As under chroot(2), .. at the root stays there.
    assert.equal(root.follow("/up/etc/hostname"), `${folder}/store/etc/hostname`);
    assert.equal(root.host("/../../etc/passwd"), `${folder}/etc/passwd`);
    assert.equal(root.host("/var/run/../store"), `${folder}/store`);
  });
});

Deno.test("host() maps what does not exist, and the root itself", async () => {
  await withScratch({ "etc/": "" }, (folder) => {
    const root = new Root(folder);
    assert.equal(root.host("/etc/new/file"), `${folder}/etc/new/file`);
    assert.equal(root.host("/"), folder);
    assert.equal(root.follow("/"), folder);
    assert.equal(root.realPath("/"), "/");
    assert.equal(new Root("/").host("/"), "/");
  });
});

Deno.test("follow() gives up on a loop with the path named", async () => {
  await withScratch({ "a": { link: "/b" }, "b": { link: "/a" } }, (folder) => {
    assert.throws(
      () => new Root(folder).follow("/a"),
      (error: unknown) =>
        error instanceof ToolError && error.code === 6 &&
        error.message === "too many symbolic links in /a" && error.hint?.includes(`${folder}/a`),
    );
  });
});

Deno.test("machine() is the way back from host paths", () => {
  const root = new Root("/mnt/machine/");
  assert.equal(root.machine("/mnt/machine/etc/nixos"), "/etc/nixos");
  assert.equal(root.machine("/mnt/machine"), "/");
  assert.equal(root.machine("/mnt/machine2/etc"), "/mnt/machine2/etc");
  assert.equal(new Root("/").machine("/etc"), "/etc");
});

Deno.test("Root knows the running machine, however its path is written", () => {
  for (const path of ["/", "//", "/mnt/..", "/./"]) assert.ok(new Root(path).isRunning, path);
  assert.ok(!new Root("/mnt").isRunning);
  assert.equal(new Root("/mnt//x/../y/").path, "/mnt/y");
});

Deno.test("Root refuses a relative path with exit 4", () => {
  assert.throws(
    () => new Root("mnt"),
    (error: unknown) => error instanceof ToolError && error.code === 4,
  );
});

Deno.test("follow() reads a NixOS machine's links of the machine, not of this one", () => {
  using machine = scratchMachine("uefi");
  const root = new Root(machine.root);
  for (const path of ["/etc/localtime", "/etc/locale.conf", "/run/current-system/nixos-version"]) {
    assert.ok(root.follow(path).startsWith(`${machine.root}/nix/store/`), path);
  }
  assert.equal(root.realPath("/nix/var/nix/profiles/system"), machine.toplevel);
});
