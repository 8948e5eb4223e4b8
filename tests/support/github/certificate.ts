import { join } from "node:path";

/** A certificate authority of a test run and a certificate it signed for loopback names. */
export interface TestCertificate {
  /** PEM of the authority, to be trusted by clients. */
  readonly caFile: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a new authority and a server certificate for `localhost` and 127.0.0.1 with the openssl
 * command, valid for two days.
 * @param directory where the files are written
 */
export async function makeCertificate(directory: string): Promise<TestCertificate> {
  const file = (name: string) => join(directory, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl([
    ...["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=Test authority"],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"],
    ...["-keyout", file("ca.key"), "-out", file("ca.pem")],
  ]);
  await openssl([
    ...["req", ...newKey, "-subj", "/CN=localhost"],
    ...["-keyout", file("server.key"), "-out", file("server.csr")],
  ]);
  const extensions = "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n";
  await Deno.writeTextFile(file("server.ext"), extensions);
  await openssl([
    ...["x509", "-req", "-in", file("server.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key")],
    ...["-CAcreateserial", "-days", "2", "-extfile", file("server.ext")],
    ...["-out", file("server.pem")],
  ]);
  return {
    caFile: file("ca.pem"),
    cert: await Deno.readTextFile(file("server.pem")),
    key: await Deno.readTextFile(file("server.key")),
  };
}

async function openssl(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, stdin: "null" }).output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
