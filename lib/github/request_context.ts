import type { Context } from "../machine/context.ts";

/** What of the context requests need. */
export type RequestContext = Pick<Context, "root" | "env" | "log" | "signal" | "now">;
