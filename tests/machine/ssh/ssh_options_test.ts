import { deepEqual, equal, throws } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { sshOptions, sshOptionsText } from "../../../lib/machine/ssh/ssh_options.ts";

Deno.test("sshOptions() takes NIX_SSHOPTS apart as Nix does (shellSplitString)", () => {
  const cases: [text: string, words: string[]][] = [
    ["", []],
    ["  -p 2222\t-4\n", ["-p", "2222", "-4"]],
    [`-o "ProxyCommand nc %h %p"`, ["-o", "ProxyCommand nc %h %p"]],
    [`-o 'IdentityFile=/home/a b/key' -4`, ["-o", "IdentityFile=/home/a b/key", "-4"]],
    ["-i /home/a\\ b/key", ["-i", "/home/a b/key"]],
    [`-oProxyCommand="sh -c 'nc %h %p'"`, ["-oProxyCommand=sh -c 'nc %h %p'"]],
    [`"" -J bastion`, ["", "-J", "bastion"]],
    // Within double quotes a backslash counts before $, `, " and itself.
    [String.raw`"a\"b\\c\d"`, [String.raw`a"b\c\d`]],
    ["'a\\'", ["a\\"]],
  ];
  for (const [text, words] of cases) deepEqual(sshOptions(text), words, text);
  for (const text of [`-o "Proxy`, "-i 'x", "-4 \\"]) {
    throws(() => sshOptions(text), { code: ExitCode.InvalidArguments }, text);
  }
});

Deno.test("sshOptionsText() quotes what Nix would take apart, and nothing else", () => {
  equal(
    sshOptionsText(["-p", "22", "-o", "ControlPath=/tmp/x/%C"]),
    "-p 22 -o ControlPath=/tmp/x/%C",
  );
  const strange = ["", "a b", "it's", '"', "a\\b", "$HOME", "-oProxyCommand=sh -c 'nc %h'"];
  deepEqual(sshOptions(sshOptionsText(strange)), strange);
});
