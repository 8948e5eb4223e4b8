/** Where sshd looks for keys, and which lines it takes: sshd_config(5), sshd(8). */
import { deepEqual, equal } from "node:assert/strict";
import { keyFilesOf, usableKeys } from "../../../lib/rebuild/access/key_files.ts";
import { accountState, KEY, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";

const ana = accountState({ name: "ana", uid: 1000, home: "/home/ana" });

Deno.test("keyFilesOf() expands the tokens, each once, and takes what is relative from the home", () => {
  const table = {
    "%h/.ssh/authorized_keys": "/home/ana/.ssh/authorized_keys",
    ".ssh/authorized_keys": "/home/ana/.ssh/authorized_keys",
    "/etc/ssh/authorized_keys.d/%u": "/etc/ssh/authorized_keys.d/ana",
    "/keys/%U": "/keys/1000",
    "/keys/100%%/%u": "/keys/100%/ana",
    "/keys/%%u": "/keys/%u",
  };
  for (const [pattern, path] of Object.entries(table)) {
    deepEqual(keyFilesOf([pattern], ana), [path], pattern);
  }
  deepEqual(keyFilesOf(["none"], ana), []);
  deepEqual(keyFilesOf(["/keys/%U"], { ...ana, uid: null }), ["/keys/%U"]);
});

Deno.test("usableKeys() counts keys that are read, of kinds that are taken, each once", () => {
  const { ssh } = rentedServerFacts((facts) => {
    facts.ssh.authorizedKeysFiles = ["/etc/ssh/authorized_keys.d/%u", "/keys/%U"];
  });
  const count = (lines: string[], declaredKeys: string[] = []) =>
    usableKeys(
      ssh,
      { ...ana, declaredKeys },
      rentedServerNow({ keyFiles: { "/keys/1000": lines } }),
    );
  const data = KEY.split(" ")[1]!;
  equal(count([KEY]), 1);
  equal(count([KEY], [KEY]), 1);
  equal(count([`ssh-rsa ${data}x`, `ecdsa-sha2-nistp256 ${data}y ana`], [KEY]), 3);
  equal(count([`sk-ssh-ed25519@openssh.com ${data}`]), 1);
  equal(count([`ssh-dss ${data}`]), 0);
  equal(count([`# ${KEY}`, "", "ssh-ed25519", "not a key"]), 0);
});
