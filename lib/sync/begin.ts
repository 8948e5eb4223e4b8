import { attempt } from "../machine/attempt.ts";
import { endpointsOf, parseRepository, sameRepository } from "../github/endpoints.ts";
import type { RequestContext } from "../github/request_context.ts";
import { parseRef } from "../github/ref_name.ts";
import { findToken } from "../github/token.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { listIfExists, readTextIfExists } from "../machine/files/files.ts";
import { places } from "../machine/places.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { SyncOptions } from "./options.ts";
import { Remote, type ResolvedRef } from "./fetch/remote.ts";
import type { WholeArchive } from "./fetch/whole_archive.ts";

/** Where the source comes from unless something else says so (the reference's). */
export const DEFAULT_REPOSITORY = "MasterofNull/Hyper-NixOS";
/** The reference's default. */
export const DEFAULT_REF = "main";

/** What a sync is begun with. */
export type Beginning = Pick<SyncOptions, "ref" | "repo" | "dryRun" | "checkOnly">;

/** A sync whose first request is on its way. */
export interface BegunSync extends Disposable {
  readonly remote: Remote;
  readonly ref: string;
  /** What the ref means now. */
  readonly resolving: Promise<ResolvedRef>;
  /** Everything, when nothing is here and all of it will be wanted. */
  readonly archive: WholeArchive | undefined;
}

/**
 * Asks what the ref means, before anything else is done or even loaded: the answer takes several round
 * trips, in which the rest of the program gets ready. Reads only.
 * @throws ToolError exit 4 for a malformed repository, ref or URL, 6 for another repository than the tree's
 */
export async function beginSync(
  ctx: RequestContext,
  options: Beginning,
): Promise<BegunSync> {
  const state = glimpseState(ctx);
  const repository = chooseRepository(ctx, options, state);
  const ref = parseRef(options.ref ?? DEFAULT_REF);
  const remote = new Remote(ctx, endpointsOf(ctx.env), repository, await findToken(ctx));
  const known = state === "secret" ? undefined : state?.commit;
  const present = () => attempt(() => listIfExists(ctx.root.host(places.source)));
  const wantsAll = !options.dryRun && !options.checkOnly && state === undefined &&
    present()?.length === 0;
  // First, because it takes longest: its answer is elsewhere, on one more connection.
  const archive = wantsAll ? remote.archive(ref) : undefined;
  const resolving = remote.resolve(ref, known);
  resolving.catch(() => {});
  const end = () => {
    archive?.[Symbol.dispose]();
    remote[Symbol.dispose]();
  };
  return { remote, ref, resolving, archive, [Symbol.dispose]: end };
}

/**
 * The repository to sync from: the one named, else that of `HYPERVISOR_REPO`, else the tree's own.
 * @throws ToolError exit 6 when that is not the one the tree came from and `--repo` did not say so
 */
function chooseRepository(
  ctx: RequestContext,
  options: Pick<SyncOptions, "repo">,
  state: Glimpse | "secret" | undefined,
): string {
  if (options.repo !== undefined) return parseRepository(options.repo);
  const configured = ctx.env.HYPERVISOR_REPO || undefined;
  const current = state === "secret" ? undefined : state?.repository;
  const wanted = parseRepository(configured ?? current ?? DEFAULT_REPOSITORY);
  if (state === "secret" && configured === undefined) {
    ctx.log.warn(
      `only root may read which repository the tree came from; it is compared with ${wanted}, ` +
        "the default: name another one with --repo, or run it as root",
    );
  }
  if (current !== undefined && !sameRepository(wanted, current)) {
    throw new ToolError(
      `HYPERVISOR_REPO is ${wanted}, but the tree came from ${current}`,
      {
        code: ExitCode.Configuration,
        hint: `nothing was changed; to really change over: --repo ${wanted}`,
      },
    );
  }
  return wanted;
}

/** The state's two words that are needed now; it is judged as a whole later. */
interface Glimpse {
  readonly repository: string;
  readonly commit: string;
}

/** Undefined when nothing is known of the tree; "secret" when that may not be known to this user. */
function glimpseState(ctx: RequestContext): Glimpse | "secret" | undefined {
  try {
    const text = readTextIfExists(ctx.root.host(places.syncState)) ?? "";
    const { repository, commit } = JSON.parse(text);
    if (typeof repository !== "string" || !/^[0-9a-f]{40}$/.test(commit)) return undefined;
    return { repository, commit };
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "secret" : undefined;
  }
}
