import { readBehindLinks } from "../machine/files/regular_file.ts";

/** Where systems keep their certificates in one file: NixOS and Debian, Fedora, Alpine and others. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/ssl/certs/ca-bundle.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * The certificates to trust besides those built in, as PEM: the file that `SSL_CERT_FILE` or
 * `NIX_SSL_CERT_FILE` names, else the system's. Deno reads none of them by itself.
 * @param warn told about a named file that cannot be read
 */
export function trustedCertificates(
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
