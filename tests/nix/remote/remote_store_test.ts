import { equal, match, rejects } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import type { SshConnection } from "../../../lib/machine/ssh/connection.ts";
import { copyPaths, storeEnvironment, storeUrl } from "../../../lib/nix/remote/remote_store.ts";
import { testContext } from "../../support/context.ts";
import { hasNix } from "../../support/needs.ts";

function connection(destination: string, ...options: string[]): SshConnection {
  return {
    destination,
    options: ["-p", "22", ...options],
    socket: "",
    sh: () => Promise.reject(new Error("nothing is run")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("storeUrl() names a store as Nix takes it", () => {
  equal(storeUrl({ ssh: connection("root@host") }), "ssh-ng://root@host");
  equal(storeUrl({ ssh: connection("root@fe80::1") }), "ssh-ng://root@[fe80::1]");
  equal(storeUrl({ ssh: connection("::1") }), "ssh-ng://[::1]");
  equal(
    storeUrl({ ssh: connection("host"), daemon: "sh /run/x/daemon" }),
    "ssh-ng://host?remote-program=sh%20%2Frun%2Fx%2Fdaemon",
  );
  equal(storeUrl({ ssh: connection("fe80::1%eth0") }), "ssh-ng://[fe80::1%eth0]");
  equal(storeEnvironment({ ssh: connection("host") }).NIX_SSHOPTS, "-p 22");
  const proxy = storeEnvironment({ ssh: connection("host", "-o", "ProxyCommand=nc %h %p") });
  equal(proxy.NIX_SSHOPTS, "-p 22 -o 'ProxyCommand=nc %h %p'");
});

Deno.test({
  name: "copyPaths() shows what Nix copies, and says how much it was",
  ignore: !hasNix,
  fn: async () => {
    const folder = Deno.makeTempDirSync({ prefix: "copy-" });
    try {
      const [here, there] = [`local?root=${folder}/here`, `local?root=${folder}/there`];
      const ctx = testContext({ env: { NIX_REMOTE: here } });
      // Nix takes a shell for ssh where the host is this one.
      Deno.writeTextFileSync(`${folder}/daemon`, `exec nix-daemon "$@" --store "${there}"\n`);
      const paths = [];
      for (const name of ["one", "two"]) {
        Deno.writeTextFileSync(`${folder}/${name}`, name.repeat(1000));
        paths.push((await ctx.run("nix-store", ["--add", `${folder}/${name}`])).stdout.trim());
      }
      const to = { ssh: connection("localhost"), daemon: `sh ${folder}/daemon` };
      await copyPaths(ctx, { to }, paths.slice(0, 1));
      await copyPaths(ctx, { to }, paths);
      await copyPaths(ctx, { to }, paths);
      for (const path of paths) equal(Deno.statSync(`${folder}/there${path}`).isFile, true);
      const told = ctx.messages("info").join("\n");
      match(
        told,
        /^copied to localhost: 1 of 1 path(, \S+ KiB)?\ncopied to localhost: 1 of 1 path[^\n]*$/,
      );
    } finally {
      await new Deno.Command("chmod", { args: ["-R", "u+w", folder] }).output();
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test("copyPaths() tells a full disk, a lost connection and a refusal apart", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "nix-script-" });
  const failing = async (says: string, to = true) => {
    const script = `#!/bin/sh\necho "error: ${says}" >&2\nexit 1\n`;
    Deno.writeTextFileSync(`${folder}/nix`, script, { mode: 0o755 });
    const ctx = testContext({ env: { PATH: `${folder}:/usr/bin:/bin` } });
    const other = { ssh: connection("host") };
    await copyPaths(ctx, to ? { to: other } : { from: other }, ["/nix/store/x"]);
  };
  try {
    await rejects(() => failing("writing to file: No space left on device"), {
      code: ExitCode.General,
      message: "the disk of host is full",
    });
    await rejects(() => failing("writing to file: No space left on device", false), {
      message: "the disk of this machine is full",
      hint: "free some: rebuild-helper --clean, then nix-collect-garbage",
    });
    for (
      const says of [
        "failed to start SSH connection to 'host'",
        "Nix daemon disconnected unexpectedly (maybe it crashed?)",
        "writing to file: Broken pipe",
        "unexpected end-of-file",
        "cannot open connection to remote store 'ssh-ng://host': Connection to 192.0.2.1 closed by remote host.",
        "Timeout, server host not responding.",
      ]
    ) await rejects(() => failing(says), { code: ExitCode.Network }, says);
    await rejects(() => failing("path lacks a signature"), {
      code: ExitCode.General,
      message: "the system could not be copied to host: error: path lacks a signature",
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
