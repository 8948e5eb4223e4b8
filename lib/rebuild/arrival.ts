import { ExitCode } from "../machine/exit_code.ts";
import { lstatIfExists, removeIfExists } from "../machine/files/files.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";

/** How often is looked for the link, in milliseconds. */
const LOOK_EVERY = 200;
/** Who works for it says so every 20 seconds; after so many without a word it is given up, in milliseconds. */
const GIVEN_UP_AFTER = 180_000;

/**
 * Waits for a link that another machine makes when a system is built and copied. `LINK.awaited` says to it
 * that somebody waits, the age of `LINK.alive` to us that it is still at work, and `LINK.over` that it has
 * given up (`root_session.ts`).
 * @throws ToolError exit 4 where no link can come, 5 when nothing more is heard; the signal's reason
 */
export async function waitForArrival(ctx: Context, link: string): Promise<void> {
  const begun = ctx.now().getTime();
  announce(link);
  try {
    ctx.log.info("waiting until it is built and copied");
    while (lstatIfExists(link) === undefined) {
      const heard = lstatIfExists(`${link}.alive`)?.mtime?.getTime() ?? begun;
      const silent = ctx.now().getTime() - Math.max(begun, heard) > GIVEN_UP_AFTER;
      if (silent || lstatIfExists(`${link}.over`) !== undefined) {
        throw new ToolError("nothing more is heard of the machine that builds", {
          code: ExitCode.Network,
          hint: "nothing was changed; run it there again",
        });
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
      ctx.signal.throwIfAborted();
    }
  } finally {
    removeIfExists(`${link}.awaited`);
  }
}

/** A new file, whatever lies in its place: the folder is not root's. */
function announce(link: string): void {
  try {
    Deno.openSync(`${link}.awaited`, { write: true, createNew: true, mode: 0o644 }).close();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ToolError(`${link} cannot be waited for: ${error.message}`, {
      code: ExitCode.InvalidArguments,
      hint: "name a system that is built, or a link that comes into a folder of your own",
    });
  }
}
