import { deepEqual } from "node:assert/strict";
import { carriedShell } from "../../../lib/install/carry/login_shell.ts";

Deno.test("carriedShell() names shells by the system profile, and bash for those that would be gone", () => {
  const shells = [
    "",
    "/bin/sh",
    "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-zsh-5.9/bin/zsh",
    "/usr/bin/fish",
    "/opt/own/nu",
  ].map(carriedShell);
  deepEqual(shells.map(({ path, program, kept }) => [path.split("/").at(-1), program, kept]), [
    ["sh", undefined, true],
    ["sh", undefined, true],
    ["zsh", "zsh", true],
    ["fish", "fish", true],
    ["bash", undefined, false],
  ]);
});
