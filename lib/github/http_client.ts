import { readBehindLinks } from "../machine/files/regular_file.ts";
import { PROXY_VARIABLES } from "../machine/kept_variables.ts";
import type { Endpoints } from "./endpoints.ts";
import type { RequestContext } from "./request_context.ts";

/** Where systems keep their certificates in one file: NixOS and Debian, Fedora, Alpine and others. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/ssl/certs/ca-bundle.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** A client for these servers, with the certificates and proxies that the environment names. */
export function createClient({ env, log }: RequestContext, endpoints: Endpoints): Deno.HttpClient {
  const secure = Object.values(endpoints).some((url) => url.startsWith("https:"));
  const caCerts = secure ? trustedCertificates(env, (message) => log.warn(message)) : [];
  return withProxies(env, () => Deno.createHttpClient({ caCerts, poolMaxIdlePerHost: 64 }));
}

/**
 * The certificates to trust besides those built in, as PEM: the file that `SSL_CERT_FILE` or
 * `NIX_SSL_CERT_FILE` names, else the system's. Deno reads none of them by itself.
 * @param warn told about a named file that cannot be read
 */
function trustedCertificates(
  env: Readonly<Record<string, string>>,
  warn: (message: string) => void,
): string[] {
  for (const variable of ["SSL_CERT_FILE", "NIX_SSL_CERT_FILE"]) {
    const path = env[variable];
    if (!path) continue;
    try {
      return [new TextDecoder().decode(readBehindLinks(path))];
    } catch (error) {
      warn(`${variable} is ignored: ${error instanceof Error ? error.message : error}`);
    }
  }
  for (const path of SYSTEM_BUNDLES) {
    try {
      return [new TextDecoder().decode(readBehindLinks(path))];
    } catch {
      // The next one, then.
    }
  }
  return [];
}

/**
 * The variable that names a proxy for this URL, which then looks names up itself; undefined for none.
 * `NO_PROXY` is a list of hosts and of domains.
 */
export function proxyVariableFor(
  env: Readonly<Record<string, string>>,
  url: string,
): string | undefined {
  const { protocol, hostname } = new URL(url);
  const isExempt = (env.NO_PROXY ?? env.no_proxy ?? "").split(",").map((host) => host.trim())
    .some((host) =>
      host === "*" || host !== "" && `.${hostname}`.endsWith(`.${host.replace(/^\*?\./, "")}`)
    );
  if (isExempt) return undefined;
  const names = [`${protocol.slice(0, -1)}_proxy`, "all_proxy"];
  return names.flatMap((name) => [name, name.toUpperCase()]).find((name) => env[name]);
}

/**
 * Makes an HTTP client, which takes the proxies of this process's environment at that moment. `NO_PROXY=*`
 * means no proxy for anything (curl(1)); the runtime takes it for names of hosts only, not for addresses.
 */
function withProxies<T>(env: Readonly<Record<string, string>>, make: () => T): T {
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
