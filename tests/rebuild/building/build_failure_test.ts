import assert from "node:assert/strict";
import { buildFailure } from "../../../lib/rebuild/building/build_failure.ts";
import { ExitCode } from "../../../lib/machine/exit_code.ts";

const DERIVATION = "/nix/store/aaaa-linux-6.6.drv";

/** What Nix 2.8 to 2.3x and nixos-rebuild write, and what it means. */
const FAILURES: [code: number, errors: string, exit: ExitCode, message: RegExp, hint: RegExp][] = [
  [
    1,
    "error: writing to file: No space left on device",
    ExitCode.General,
    /filled the disk/,
    /--clean/,
  ],
  [
    1,
    `error: builder for '${DERIVATION}' failed with exit code 2`,
    ExitCode.General,
    /failed at \/nix\/store\/aaaa-linux/,
    /nix log \/nix\/store\/aaaa-linux/,
  ],
  [
    1,
    `error: Cannot build '${DERIVATION}'.\n       Reason: builder failed due to signal 9 (Killed).`,
    ExitCode.General,
    /failed at \/nix\/store\/aaaa-linux/,
    /add swap/,
  ],
  [
    1,
    `error: builder for '${DERIVATION}' failed\nerror: unable to download 'https://a/b'`,
    ExitCode.Network,
    /could not fetch/,
    /network/,
  ],
  [137, "warning: Git tree is dirty", ExitCode.General, /ended by SIGKILL/, /add swap/],
  [1, "error: out of memory", ExitCode.General, /out of memory/, /add swap/],
  [1, "error: undefined variable 'x'", ExitCode.Configuration, /undefined variable/, /correct/],
  [2, "something else", ExitCode.General, /failed with exit code 2/, /last lines/],
];

Deno.test("buildFailure() tells a full disk, no memory, a builder, the network and the configuration", () => {
  for (const [code, errors, exit, message, hint] of FAILURES) {
    const failure = buildFailure("path:/x#host", code, errors, undefined);
    assert.equal(failure.code, exit, errors);
    assert.match(failure.message, message);
    assert.match(failure.hint ?? "", hint);
  }
});
