import { equal, throws } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { findSigners } from "../../../lib/sync/signature/signers.ts";
import { testContext } from "../../support/context.ts";
import { KEY } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";

const ARMOURED =
  "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n-----END PGP PUBLIC KEY BLOCK-----\n";
/** The beginnings of public keys: of the old packet format, and of the new one. */
const [OLD, NEW] = [[0x99, 0x01, 0x0d, 0x04, 0xff], [0xc6, 0x33, 0x04, 0x5f, 0x00]]
  .map((bytes) => new Uint8Array(bytes));

Deno.test("findSigners() tells lists of SSH keys from exported public keys, and from what is neither", async () => {
  const table: readonly (readonly [string, string | Uint8Array, "ssh" | "gpg" | undefined])[] = [
    ["a list", `alice@example.org ${KEY}\n`, "ssh"],
    ["a list of Windows", `alice@example.org ${KEY}\r\n`, "ssh"],
    ["a list with comments", `# who may sign\n\n  alice@example.org ${KEY}\n`, "ssh"],
    ["a name that is not of ASCII", `\u00fcmit@example.org ${KEY}\n`, "ssh"],
    ["armoured keys", ARMOURED, "gpg"],
    ["armoured keys after an empty line", `\n${ARMOURED}`, "gpg"],
    ["a key of the old format", OLD!, "gpg"],
    ["a key of the new format", NEW!, "gpg"],
    ["nothing", "", undefined],
    ["comments alone", "# nobody yet\n", undefined],
    ["a keybox", new Uint8Array([0, 0, 0, 0x20, 1, 1, 0, 2, 0x4b, 0x42, 0x58, 0x66]), undefined],
  ];
  for (const [what, content, expected] of table) {
    await withScratch({ "signers": content }, (folder) => {
      const find = () => findSigners(testContext(), `${folder}/signers`);
      if (expected !== undefined) equal(find().kind, expected, what);
      else {
        throws(
          find,
          (error) => error instanceof ToolError && error.code === ExitCode.Configuration,
          what,
        );
      }
      return Promise.resolve();
    });
  }
});

Deno.test("findSigners() takes no file that others may write, and says when there is none", async () => {
  await withScratch({ "signers": `alice@example.org ${KEY}\n` }, (folder) => {
    const ask = (name: string, code: ExitCode) =>
      throws(
        () => findSigners(testContext(), `${folder}/${name}`),
        (error) => error instanceof ToolError && error.code === code,
      );
    ask("absent", ExitCode.InvalidArguments);
    Deno.chmodSync(`${folder}/signers`, 0o666);
    ask("signers", ExitCode.PermissionDenied);
    return Promise.resolve();
  });
});
