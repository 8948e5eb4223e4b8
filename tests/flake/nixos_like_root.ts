/**
 * A root in which a USB kit is started as on NixOS: there is no /lib64, glibc lies elsewhere, and the
 * stick is mounted read-only and noexec.
 */
import assert from "node:assert/strict";
import { setInterpreter } from "../../nix/elf.ts";
import { hasCommand, isRoot, need } from "../support/needs.ts";

/** Whether such a root can be made and entered here. */
export const canStartKits: boolean = isRoot && need(
  Deno.build.arch === "x86_64" && ["unshare", "chroot", "ldconfig", "setpriv"].every(hasCommand),
  "unshare, chroot, ldconfig or setpriv is missing: no USB kit is started",
);

/** Where it keeps glibc. */
const GLIBC = "/nix/store/g/lib";
const COMMANDS = [
  ...["sh", "id", "uname", "cp", "chmod", "mkdir", "mktemp", "ln", "mv", "rm", "rmdir", "dirname"],
  ...["sed", "head", "dd", "sha256sum", "setpriv", "env", "pwd"],
];

/** Runs a command to its end; fails the test when it fails. */
export function run(command: string, args: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, `${command} ${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}

/** A root without /lib and /lib64, whose loader is where NixOS has it and whose commands name it there. */
export function nixosLikeRoot(root: string): void {
  for (const folder of ["bin", "dev", "etc", "proc", "tmp", "var/tmp", "mnt", GLIBC.slice(1)]) {
    Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
  }
  Deno.chmodSync(root, 0o755);
  Deno.chmodSync(`${root}/tmp`, 0o1777);
  Deno.mkdirSync(`${root}/run/current-system/sw`, { recursive: true });
  Deno.symlinkSync(GLIBC, `${root}/run/current-system/sw/lib`);
  Deno.symlinkSync("ld-linux-x86-64.so.2", `${root}${GLIBC}/ld`);
  const libraries = new Set(["/lib/x86_64-linux-gnu/libgcc_s.so.1"]);
  for (const library of ["libdl.so.2", "librt.so.1", "libpthread.so.0", "libm.so.6"]) {
    libraries.add(`/lib/x86_64-linux-gnu/${library}`);
  }
  for (const name of COMMANDS) {
    // As a program, also what every shell has in it.
    const found = run("which", [name]).trim();
    for (const [, path] of run("ldd", [found]).matchAll(/(\/\S+) \(0x/g)) libraries.add(path!);
    const bytes = Deno.readFileSync(found);
    setInterpreter(bytes, "/nix/store/g/lib/ld");
    Deno.writeFileSync(`${root}/bin/${name}`, bytes);
    Deno.chmodSync(`${root}/bin/${name}`, 0o755);
  }
  for (const path of libraries) {
    Deno.copyFileSync(path, `${root}${GLIBC}/${path.replace(/.*\//, "")}`);
  }
  Deno.writeTextFileSync(`${root}/etc/ld.so.conf`, `${GLIBC}\n`);
  run("ldconfig", ["-r", root]);
}

/** Runs a command in that root, with the kit mounted as `options` at /mnt. */
export function inRoot(
  root: string,
  kit: string,
  prepare: string,
  command: readonly string[],
): { readonly code: number; readonly stdout: string; readonly stderr: string } {
  const script = `set -e
mount --bind '${kit}' '${root}/mnt'
mount -o remount,bind,ro,noexec '${root}/mnt'
mount --rbind /dev '${root}/dev'
mount -t proc proc '${root}/proc'
cd '${root}'
${prepare}
exec chroot '${root}' "$@"`;
  const { code, stdout, stderr } = new Deno.Command("unshare", {
    args: ["-m", "--", "/bin/sh", "-c", script, "sh", ...command],
    clearEnv: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
