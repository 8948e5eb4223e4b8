import assert from "node:assert/strict";
import { session } from "../../../lib/machine/accounts/session.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

const CONTEXT = { ...testContext(), env: {} };

/**
 * Runs a test with the PID of a real process below processes of these names, the outermost first.
 * @param env of all of them
 */
async function below(
  names: readonly string[],
  env: Record<string, string>,
  test: (pid: number) => void,
): Promise<void> {
  await withScratch({}, async (folder) => {
    for (const name of names) {
      // A link gives the process its name too; a copy could still be "busy" when it is started.
      Deno.symlinkSync("/bin/sh", `${folder}/${name}`);
    }
    // Each starts the next, given as "$1" and following, and waits for it.
    const script = 'if [ $# -gt 0 ]; then n=$1; shift; "./$n" -c "$S" "$n" "$@"; exit; fi; ' +
      "sleep 600 & echo $!; read -r _; kill $!";
    const parent = new Deno.Command(`${folder}/${names[0]}`, {
      args: ["-c", script, ...names],
      env: { PATH: "/usr/bin:/bin", S: script, ...env },
      cwd: folder,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = parent.stdout.getReader();
    try {
      const { value } = await output.read();
      test(Number(new TextDecoder().decode(value)));
    } finally {
      await output.cancel();
      await parent.stdin.close();
      await parent.status;
    }
  });
}

Deno.test("session() reads SSH_CONNECTION", () => {
  const env = { SSH_CONNECTION: "203.0.113.7 51234 2001:db8::2 2222" };
  assert.deepEqual(session({ ...CONTEXT, env }), {
    kind: "ssh",
    clientAddress: "203.0.113.7",
    serverAddress: "2001:db8::2",
    serverPort: 2222,
  });
});

Deno.test("session() finds an SSH server above, also when the environment says nothing", async () => {
  for (const name of ["sshd", "sshd-session"]) {
    await below([name], {}, (pid) => assert.deepEqual(session(CONTEXT, pid), { kind: "ssh" }));
  }
});

Deno.test("session() finds the SSH_CONNECTION that sudo dropped in a process above", async () => {
  const env = { SSH_CONNECTION: "fe80::1%eth0 1 192.0.2.1 22" };
  await below(["bash"], env, (pid) => {
    assert.deepEqual(session(CONTEXT, pid), {
      kind: "ssh",
      clientAddress: "fe80::1%eth0",
      serverAddress: "192.0.2.1",
      serverPort: 22,
    });
  });
});

Deno.test("session() is not misled by what a process calls itself", async () => {
  await below(["sshd", "x) S 1 (y", "sh"], {}, (pid) => {
    assert.deepEqual(session(CONTEXT, pid), { kind: "ssh" });
  });
});

Deno.test("session() is a console when nothing above speaks of SSH", async () => {
  await below([") S 1 (sshd"], { SSH_CONNECTION: "nonsense" }, (pid) => {
    // What started this test may itself have come over SSH: compare with that.
    assert.deepEqual(session(CONTEXT, pid), session(CONTEXT));
  });
});
