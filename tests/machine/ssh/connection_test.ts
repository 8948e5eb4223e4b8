import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { connect, requireDestination } from "../../../lib/machine/ssh/connection.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { type TestContext, testContext } from "../../support/context.ts";

const OPTION = "--target-host";

Deno.test("requireDestination() lets nothing through that ssh or Nix would read as more than a host", () => {
  const ctx = testContext();
  const hosts = ["host", "dana@host2.example.org", "root@10.0.0.1", "fe80::1%eth0", "a_b@c", "::1"];
  for (const host of hosts) equal(requireDestination(ctx, host, OPTION), host);
  // As in URLs; ssh itself knows no brackets.
  equal(requireDestination(ctx, "root@[::1]", OPTION), "root@::1");
  equal(requireDestination(ctx, "[fe80::1%eth0]", OPTION), "fe80::1%eth0");
  const refused = [
    "",
    "-oProxyCommand=id",
    "root@-x",
    "a b",
    "host?remote-program=x",
    "host/path",
    "ssh://host",
    "a@b@c",
    "host\n",
    "$(id)",
    // ssh looks these up as names.
    "host:2222",
    "root@10.0.0.1:22",
    "[::1]:22",
    "[host]",
    ":",
    "fe80::1%",
    "fe80::1%e/../x",
  ];
  for (const host of refused) {
    throws(() => requireDestination(ctx, host, OPTION), { code: ExitCode.InvalidArguments }, host);
  }
  const mounted = testContext({ root: Deno.makeTempDirSync() });
  throws(() => requireDestination(mounted, "host", OPTION), { code: ExitCode.InvalidArguments });
  Deno.removeSync(mounted.root.path);
});

/** What `connect()` throws when ssh, which is this script, says something and ends with 255. */
async function refusal(says: string): Promise<ToolError> {
  using ssh = scriptedSsh(`[ "$1" = -O ] || echo "${says}" > "$messages"; exit 255`);
  try {
    await connect(ssh.ctx, "dana@host");
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
  throw new Error("it connected");
}

/** A folder with an `ssh` of our own on PATH; `$messages` is the file that -E names. */
function scriptedSsh(
  script: string,
  given: Readonly<Record<string, string>> = {},
): Disposable & { readonly ctx: TestContext; calls(): string[] } {
  const folder = Deno.makeTempDirSync({ prefix: "ssh-script-" });
  const head = `#!/bin/sh\necho "$*" >> ${folder}/calls\nall="$*"\n` +
    "messages=${all#* -E }; messages=${messages%% *}\n" +
    'while [ "$1" != -O ] && [ $# -gt 1 ]; do shift; done\n';
  Deno.writeTextFileSync(`${folder}/ssh`, head + script + "\n", { mode: 0o755 });
  const env = {
    PATH: `${folder}:/usr/bin:/bin`,
    TMPDIR: folder,
    NIX_SSHOPTS: " -p 2222  -4 ",
    ...given,
  };
  return {
    ctx: testContext({ env }),
    calls: () => Deno.readTextFileSync(`${folder}/calls`).trim().split("\n"),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

Deno.test("connect() tells a refused key, a refused login and a machine that does not answer apart", async () => {
  const codes = async (says: string) => (await refusal(says)).code;
  equal(await codes("Host key verification failed."), ExitCode.PermissionDenied);
  equal(await codes("dana@host: Permission denied (publickey)."), ExitCode.PermissionDenied);
  equal(await codes("ssh: connect to host host port 22: No route to host"), ExitCode.Network);
  const denied = await refusal(
    "dana@host: Permission denied (publickey).\nDisconnected from 192.0.2.1 port 22",
  );
  equal(
    denied.message,
    "dana@host does not let you in: dana@host: Permission denied (publickey).",
  );
  match(denied.hint ?? "", /^see that this works: ssh -p 2222 -4 dana@host;/);
  equal((await refusal("")).message, "dana@host cannot be reached: ssh did not say why");
});

Deno.test("connect() puts the user's options first, never weakens a check, and closes what it opened", async () => {
  using ssh = scriptedSsh("exit 0");
  const connection = await connect(ssh.ctx, "host");
  deepEqual(connection.options.slice(0, 3), ["-p", "2222", "-4"]);
  equal(connection.options.some((option) => /HostKey|KnownHosts|Batch/i.test(option)), false);
  equal((await connection.sh("exit 0")).code, 0);
  await connection[Symbol.asyncDispose]();
  const last = ssh.calls().at(-1)!;
  match(last, /-O exit -S \S+\/%C -- host$/);
});

Deno.test("connect() puts its socket where the path of one fits, and where nothing takes it apart", async () => {
  const outer = Deno.makeTempDirSync({ dir: "/tmp", prefix: "s-" });
  try {
    for (const name of ["a b", "50%off", "it's", "d".repeat(80)]) {
      Deno.mkdirSync(`${outer}/${name}`);
      using ssh = scriptedSsh("exit 0", { TMPDIR: `${outer}/${name}` });
      await using connection = await connect(ssh.ctx, "host");
      const socket = connection.options.find((one) => one.startsWith("ControlPath="))!
        .slice("ControlPath=".length);
      match(socket, /^\/[\w./-]+\/%C$/);
      // %C is a SHA-1 in hex; ssh binds NAME.XXXXXXXXXXXXXXXX first, of at most 107 bytes.
      equal(socket.length - "%C".length + 40 + 17 <= 107, true, socket);
    }
  } finally {
    Deno.removeSync(outer, { recursive: true });
  }
});

Deno.test("connect() beside another connection uses its options, and closes its own", async () => {
  using ssh = scriptedSsh("exit 0");
  await using first = await connect(ssh.ctx, "host");
  const second = await connect(ssh.ctx, "builder", first);
  deepEqual(second.options, first.options);
  await second[Symbol.asyncDispose]();
  const last = ssh.calls().at(-1)!;
  equal(last.endsWith(`-O exit -S ${first.socket} -- builder`), true, last);
});

Deno.test("connect() names the login of localhost, which Nix would take for no other machine", async () => {
  using ssh = scriptedSsh(
    'case "$all" in *" -G "*) echo "host localhost\nuser ann\nport 2222" ;; esac',
  );
  await using connection = await connect(ssh.ctx, "localhost");
  equal(connection.destination, "ann@localhost");
  match(ssh.calls()[0]!, /^-p 2222 -4 -G -- localhost$/);
});

Deno.test("a command that ssh itself could not bring to its end is a lost connection", async () => {
  using ssh = scriptedSsh(
    'case "$all" in *"exec /bin/sh"*) echo "Broken pipe" >&2; exit 255 ;; esac',
  );
  await using connection = await connect(ssh.ctx, "host");
  await rejects(() => connection.sh("true"), {
    code: ExitCode.Network,
    message: /lost: Broken pipe$/,
  });
  // Of a session that is listened to, the last words are those of what ran there.
  await rejects(() => connection.sh("true", { onLine: () => {} }), { message: /was lost$/ });
});
