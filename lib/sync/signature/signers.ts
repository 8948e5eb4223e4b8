import { trustedOwners } from "../../machine/accounts/invoking_user.ts";
import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { foreignPart, isRootOrSelf } from "../../machine/files/file_trust.ts";
import { realPathIfSeen } from "../../machine/files/files.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import { places } from "../../machine/places.ts";
import { ToolError } from "../../machine/tool_error.ts";

/** Who may sign commits. */
export interface Signers {
  /** As it was named, for messages. */
  readonly name: string;
  /** Host path, without links. */
  readonly path: string;
  /** An `allowed_signers` (ssh-keygen(1)), or exported public keys (gpg(1), `--export`). */
  readonly kind: "ssh" | "gpg";
}

/** Keys of a project's people are some kilobytes (bytes). */
const LARGEST = 1024 * 1024;

/**
 * The file of those who may sign.
 * @param named host path; the machine's own file, which the NixOS module writes, when not given
 * @throws ToolError exit 4 when the named one is not there, 3 for one that others can change, 6 for one
 *   that holds no signers
 */
export function findSigners(ctx: Context, named?: string): Signers {
  const name = named ?? places.signers;
  const path = realPathIfSeen(named ?? ctx.root.follow(places.signers));
  if (path === undefined) {
    throw new ToolError(`there is no file ${name} of signers`, {
      code: ExitCode.InvalidArguments,
      hint: "name an SSH allowed_signers file, or public keys that gpg --export has written",
    });
  }
  const mayWrite = named === undefined ? isRootOrSelf : trustedOwners(ctx);
  const top = named === undefined && !ctx.root.isRunning ? ctx.root.path : "";
  const foreign = foreignPart(path, mayWrite, top);
  if (foreign !== undefined) {
    throw new ToolError(`the signers cannot be trusted: ${foreign.path} ${foreign.problem}`, {
      code: ExitCode.PermissionDenied,
      hint: "copy them to a folder of your own, readable by others at most",
    });
  }
  const kind = kindOf(readRegular(path, LARGEST));
  if (kind !== undefined) return { name, path, kind };
  throw new ToolError(`${name} holds no signers`, {
    code: ExitCode.Configuration,
    hint: "write lines such as `alice@example.org ssh-ed25519 AAAA…`, or export keys with " +
      "gpg --export --armor (a keybox such as pubring.kbx is none)",
  });
}

/**
 * Exported keys begin as a packet does (RFC 9580, 4.2: the highest bit is set) or with their armour. A name
 * that is not of ASCII begins so as well, in a text.
 */
function kindOf(bytes: Uint8Array): Signers["kind"] | undefined {
  const text = new TextDecoder().decode(bytes);
  if (text.trimStart().startsWith("-----BEGIN PGP PUBLIC KEY BLOCK-----")) return "gpg";
  if (((bytes[0] ?? 0) & 0x80) !== 0 && text.includes("\ufffd")) return "gpg";
  const lines = text.split("\n").filter((line) => /^\s*[^#\s]+\s.*\S/.test(line));
  return lines.length > 0 && !text.includes("\0") ? "ssh" : undefined;
}
