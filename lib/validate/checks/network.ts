import { endpointsOf } from "../../github/endpoints.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, type Finding, pass, skip, warn } from "../check.ts";

/** Whoever has not answered then (ms) is called unreachable. */
const TIMEOUT = 4_000;

/** The network is only needed for updates: a warning at most. */
export const networkChecks = checksOf("System Services", [
  {
    id: "dns",
    title: "name resolution",
    severity: "warning",
    quick: false,
    check: dns,
  },
  {
    id: "github",
    title: "GitHub",
    severity: "warning",
    quick: false,
    check: github,
  },
]);

async function dns(ctx: Context): Promise<Finding> {
  // Half of what a quick look would cost.
  const [{ lookup }, { isIP }, { default: process }] = await Promise.all([
    import("node:dns/promises"),
    import("node:net"),
    import("node:process"),
  ]);
  const { api } = endpointsOf(ctx.env);
  const host = new URL(api).hostname;
  const { proxyVariableFor } = await import("../../github/http_client.ts");
  const proxy = proxyVariableFor(ctx.env, api);
  if (proxy !== undefined) return skip(`${proxy} names a proxy, which looks ${host} up`);
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) return skip(`${host} is an address, not a name`);
  // Deno 2.6's own node:dns uses a module of Node's that warns of itself on stderr.
  Object.assign(process, { noDeprecation: true });
  const found = await within(lookup(host).then(() => true, () => false));
  return found ? pass(`${host} has an address`) : warn(
    `${host} cannot be resolved`,
    "resolvectl query " + host + "; look at networking.nameservers and /etc/resolv.conf",
  );
}

/** Any answer will do: a rate limit is an answer too. */
async function github(ctx: Context): Promise<Finding> {
  const endpoints = endpointsOf(ctx.env);
  const { api } = endpoints;
  const { createClient } = await import("../../github/http_client.ts");
  try {
    using client = createClient(ctx, endpoints);
    const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(TIMEOUT)]);
    const response = await fetch(api, { method: "HEAD", redirect: "manual", signal, client });
    await response.body?.cancel();
    return pass(`${api} answers (${response.status})`);
  } catch (error) {
    ctx.signal.throwIfAborted();
    // The runtime itself says only that it failed.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message.split(": ").at(-1) : String(cause);
    return warn(
      `${api} does not answer: ${reason}`,
      "updates have to wait; everything else works without it",
    );
  }
}

async function within(work: Promise<boolean>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), TIMEOUT);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
