import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { evaluationFailure } from "../../../lib/nix/evaluation/evaluation_failure.ts";

Deno.test("evaluationFailure() finds message and place in what Nix 2.8 prints", () => {
  const error = evaluationFailure(
    "the test",
    `trace: warning: something is old
error: undefined variable 'foo'

       at /etc/nixos/configuration.nix:12:5:

           11|   boot.loader.grub.enable = true;
           12|   a = foo;
             |       ^
           13| }
(use '--show-trace' to show detailed location information)
`,
  );
  deepStrictEqual(
    [error.message, error.code],
    [
      "evaluating the test failed: undefined variable 'foo' (at /etc/nixos/configuration.nix:12)",
      ExitCode.Configuration,
    ],
  );
});

Deno.test("evaluationFailure() finds the last error after the trace that newer Nix prints first", () => {
  const error = evaluationFailure(
    "the test",
    `error:
       … while calling the 'head' builtin
         at /nix/store/aaaa-source/lib/attrsets.nix:1574:11:
         1573|         || pred here (elemAt values 1) (head values) then
         1574|           head values
             |           ^
         1575|         else

       … while evaluating definitions from \`/etc/nixos/configuration.nix':

       (stack trace truncated; use '--show-trace' to show the full, detailed trace)

       error: The option \`services.foo' does not exist. Definition values:
       - In \`/etc/nixos/configuration.nix':
           {
             enable = true;
           }
`,
  );
  match(
    error.message,
    /^evaluating the test failed: The option `services\.foo' does not exist\. Definition values: \/ - In `\/etc\/nixos\/configuration\.nix'/,
  );
  strictEqual(error.code, ExitCode.Configuration);
});

Deno.test("evaluationFailure() tells what could not be fetched from what is wrong", () => {
  const network = [
    "error: unable to download 'https://api.github.com/repos/a/b': Couldn't resolve host name (6)",
    `fatal: unable to access 'https://example.org/x.git/': Could not resolve host: example.org
error: program 'git' failed with exit code 128`,
    `error:
       … while fetching the input 'github:a/b'

       error: unable to download 'https://github.com/a/b.tar.gz': HTTP error 503`,
    `ssh: connect to host example.org port 22: Connection refused
fatal: Could not read from remote repository.
error: Failed to connect to example.org`,
    `ssh: Could not resolve hostname example.org: Name or service not known
fatal: Could not read from remote repository.
error: program 'git' failed with exit code 128`,
  ];
  for (const stderr of network) {
    strictEqual(evaluationFailure("x", stderr).code, ExitCode.Network, stderr);
  }
  const configuration = [
    // Who may not read it may not be helped by a network.
    `git@example.org: Permission denied (publickey).
fatal: Could not read from remote repository.
error: program 'git' failed with exit code 128`,
    // A cache that cannot be reached is a warning; the error is another one.
    `warning: unable to download 'https://cache.nixos.org/nix-cache-info': Couldn't resolve host name
error: attribute 'missing' missing`,
    `fatal: '/srv/nope' does not appear to be a git repository
fatal: Could not read from remote repository.
error: program 'git' failed with exit code 128`,
  ];
  for (const stderr of configuration) {
    strictEqual(evaluationFailure("x", stderr).code, ExitCode.Configuration, stderr);
  }
});

Deno.test("evaluationFailure() escapes what a configuration prints", () => {
  const error = evaluationFailure("x", "error: \x1b[2Jgone\n");
  strictEqual(error.message, "evaluating x failed: \\x1b[2Jgone");
});

Deno.test("evaluationFailure() says so when Nix gave no reason", () => {
  strictEqual(evaluationFailure("x", "").message, "evaluating x failed: Nix gave no reason");
});

Deno.test("evaluationFailure() repeats no password that Nix quotes", () => {
  const conflict = evaluationFailure(
    "x",
    `error: The option \`users.users.a.password' has conflicting definition values:
       - In \`/etc/nixos/a.nix': "secret"
       - In \`/etc/nixos/b.nix': "other secret"
`,
  );
  strictEqual(
    conflict.message,
    "evaluating x failed: The option `users.users.a.password' has conflicting definition values:",
  );
  const wifi = evaluationFailure(
    "x",
    "error: The option `networking.wireless.networks.home.psk' has conflicting definition values:\n" +
      '       - In `/etc/nixos/a.nix\': "hunter2"\n',
  );
  ok(!wifi.message.includes("hunter2"), wifi.message);
  const hash = evaluationFailure("x", 'error: a string "$6$salt$aaaabbbbcccc./x" is no set\n');
  strictEqual(hash.message, 'evaluating x failed: a string "(not shown)" is no set');
});

Deno.test("evaluationFailure() says so when HOME is someone else's", () => {
  // What 2.8 prints, colours and all, where a user kept root's HOME.
  const crash = evaluationFailure(
    "x",
    `terminate called after throwing an instance of 'nix::SysError'
  what():  \x1b[31;1merror:\x1b[0m getting status of \x1b[35;1m/root/.nix-defexpr/channels\x1b[0m: ` +
      "\x1b[35;1mPermission denied\x1b[0m\n",
  );
  deepStrictEqual(
    [crash.message, crash.code],
    [
      "evaluating x failed: Nix may not look into /root, which HOME names",
      ExitCode.PermissionDenied,
    ],
  );
  const quoted = evaluationFailure(
    "x",
    "error: getting status of '/root/.nix-defexpr/channels': Permission denied\n",
  );
  strictEqual(quoted.code, ExitCode.PermissionDenied);
});

Deno.test("evaluationFailure() says how a flake's lock file is completed", () => {
  const { hint } = evaluationFailure(
    "the host",
    "error: flake 'git+file:///etc/nixos' requires lock file changes but they're not allowed due to '--no-update-lock-file'\n",
  );
  match(hint!, /nix flake lock .* as its owner/);
});

Deno.test("evaluationFailure() takes what had no memory for no fault of the configuration", () => {
  const error = evaluationFailure(
    "the test",
    "GC Warning: Out of Memory! Heap size: 294 MiB. Returning NULL!\nerror: out of memory\n",
  );
  deepStrictEqual(
    [error.message, error.code],
    ["evaluating the test failed: out of memory", ExitCode.General],
  );
  match(error.hint ?? "", /add swap/);
});

Deno.test("evaluationFailure() says of what is missing where it has to come from", () => {
  const STORE = "/nix/store/yi7szp7gav3zgavdl6qq0s3nqvcaxd41-source";
  const hints: readonly (readonly [string, RegExp])[] = [
    // 2.8, then newer releases.
    [`getting status of '${STORE}/a b.nix': No such file or directory`, /^Nix sees .* git add/],
    [`path '${STORE}/a b.nix' does not exist`, /^Nix sees .* git add/],
    [`opening file '${STORE}/private/default.nix': No such file or directory`, /without .submod/],
    ["path '«git+file:///etc/nixos»/a.nix' does not exist", /^Nix sees .* git add/],
    [`Path 'a.nix' in the repository "/etc/nixos" is not tracked by Git.`, /git add/],
    ["getting status of '/etc/nixos/a.nix': No such file or directory", /^put the file there/],
    ["path '/etc/nixos/a.nix' does not exist", /^put the file there/],
    [
      "file 'home-manager/nixos' was not found in the Nix search path (add it)",
      /nix-channel --add/,
    ],
    ["The option `defaults' does not exist. Definition values:", /another name .*one host's file/],
    [
      "syntax error\n\n  at /etc/nixos/a.nix:1:2:\n\n   1| \0GITCRYPT\0w\n    | ^",
      /git-crypt unlock/,
    ],
    ["unable to download 'https://api.github.com/a': HTTP error 404", /private, or gone: .*tokens/],
    ["unable to download 'https://api.github.com/a': HTTP error 503", /^check the network/],
    ["attribute 'a' missing", /^correct the configuration/],
  ];
  for (const [said, hint] of hints) {
    match(evaluationFailure("x", `error: ${said}\n`).hint ?? "", hint, said);
  }
});

Deno.test("evaluationFailure() says whose keys open a private repository", () => {
  const { hint, message } = evaluationFailure(
    "x",
    `git@example.org: Permission denied (publickey).
fatal: Could not read from remote repository.
error: program 'git' failed with exit code 128`,
  );
  match(message, /failed: git@example\.org: Permission denied \(publickey\)\./);
  match(hint ?? "", /private, or gone: .* that user's keys \(ssh\)/);
});
