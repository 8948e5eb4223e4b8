import * as v from "valibot";
import { parseRepository } from "../../github/endpoints.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { lstatIfExists, parentOf } from "../../machine/files/files.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { DEFAULT_REPOSITORY } from "../../sync/begin.ts";
import { type Origin, ORIGIN_FILE, readCheckout } from "./checkout_origin.ts";
import { refuseForeign } from "./source_listing.ts";

/** Bytes of a file that names a commit. */
const LARGEST = 4096;

const OriginSchema = v.object({
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  /** Not known of a flake: Nix tells it its commit, not where it came from. */
  repository: v.optional(v.pipe(v.string(), v.regex(/^[\w.-]+\/[\w.-]+$/))),
});

/**
 * Where a source came from: its own `.git`, else the file beside it, else what the Nix package says in
 * HYPERVISOR_SOURCE_COMMIT of its own source. The files may differ from the commit; smart-sync compares
 * them anyway. Where only the commit is known, the repository is the one that smart-sync follows.
 * @param path host path of the source, without links
 * @param packaged it is the Nix package's own source
 * @param mayWrite whether a user id may own the source
 * @returns undefined when nothing says it
 * @throws ToolError exit 3 for a file that someone else could have written, 6 for one that is none
 */
export function findOrigin(
  ctx: Context,
  path: string,
  packaged: boolean,
  mayWrite: (uid: number) => boolean,
): Origin | undefined {
  const checkout = readCheckout(path);
  if (checkout) return checkout;
  const noted = readOriginFile(`${parentOf(path).replace(/\/$/, "")}/${ORIGIN_FILE}`, mayWrite) ??
    (packaged ? { commit: ctx.env.HYPERVISOR_SOURCE_COMMIT } : undefined);
  const known = v.safeParse(OriginSchema, noted);
  if (!known.success) return undefined;
  const { commit, repository } = known.output;
  const followed = parseRepository(ctx.env.HYPERVISOR_REPO || DEFAULT_REPOSITORY);
  return { repository: repository ?? followed, commit };
}

function readOriginFile(file: string, mayWrite: (uid: number) => boolean): unknown {
  const info = lstatIfExists(file);
  if (!info?.isFile) return undefined;
  refuseForeign(file, info, mayWrite);
  try {
    return v.parse(OriginSchema, JSON.parse(new TextDecoder().decode(readRegular(file, LARGEST))));
  } catch (cause) {
    throw new ToolError(`${file} does not name a commit`, {
      code: ExitCode.Configuration,
      hint: "remove it, or make the kit again: which commit the source is will not be known then",
      cause,
    });
  }
}
