import { PROXY_VARIABLES } from "../machine/kept_variables.ts";

/**
 * Makes an HTTP client, which takes the proxies of this process's environment at that moment. `NO_PROXY=*`
 * means no proxy for anything (curl(1)); the runtime takes it for names of hosts only, not for addresses.
 */
export function withProxies<T>(env: Readonly<Record<string, string>>, make: () => T): T {
  const exceptions = (env.NO_PROXY ?? env.no_proxy ?? "").split(",").map((host) => host.trim());
  if (!exceptions.includes("*")) return make();
  const before = PROXY_VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name] of before) Deno.env.delete(name);
    return make();
  } finally {
    for (const [name, value] of before) if (value !== undefined) Deno.env.set(name, value);
  }
}
