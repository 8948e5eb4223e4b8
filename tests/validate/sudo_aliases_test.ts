import { deepEqual, equal } from "node:assert/strict";
import { definesAliases, separated, SudoAliases } from "../../lib/validate/sudo_aliases.ts";

Deno.test("SudoAliases puts members in the place of a name, kind by kind, wherever they are defined", () => {
  const aliases = new SudoAliases([
    "User_Alias ADMINS = alice, OPS : OPS = bob, %staff",
    "Host_Alias ADMINS = web, db",
    "Cmnd_Alias SHELLS = /bin/sh, /bin/bash -c a\\,b : EDITORS = sudoedit /etc/\\:x",
    "Cmd_Alias OLD = /bin/old",
  ]);
  deepEqual(aliases.expand("User", ["ADMINS", "root"]), ["alice", "bob", "%staff", "root"]);
  deepEqual(aliases.expand("Host", ["ADMINS"]), ["web", "db"]);
  deepEqual(aliases.expand("Runas", ["ADMINS"]), ["ADMINS"], "nothing of that kind defines it");
  deepEqual(aliases.expand("Cmnd", ["SHELLS", "EDITORS", "OLD"]), [
    "/bin/sh",
    "/bin/bash -c a\\,b",
    "sudoedit /etc/\\:x",
    "/bin/old",
  ]);
});

Deno.test("SudoAliases negates what is in a negated alias", () => {
  const aliases = new SudoAliases(["User_Alias ALMOST = ALL, !bob", "User_Alias NONE = !ALMOST"]);
  deepEqual(aliases.expand("User", ["!ALMOST"]), ["!ALL", "bob"]);
  deepEqual(aliases.expand("User", ["NONE"]), ["!ALL", "bob"]);
  deepEqual(aliases.expand("User", ["! ! ALMOST", "!carol"]), ["ALL", "!bob", "!carol"]);
});

Deno.test("SudoAliases ends, whatever is in what", () => {
  const doubling = Array.from(
    { length: 60 },
    (_, at) => `User_Alias A${at} = A${at + 1}, A${at + 1}`,
  );
  const aliases = new SudoAliases([
    ...doubling,
    "User_Alias A60 = a",
    "User_Alias B = C",
    "User_Alias C = B, c",
  ]);
  deepEqual(aliases.expand("User", ["A0"]), ["a"]);
  deepEqual(aliases.expand("User", ["B"]), ["c"]);
});

Deno.test("ALL is a word of sudo's own, and no alias", () => {
  const aliases = new SudoAliases(["User_Alias ALL = alice"]);
  deepEqual(aliases.expand("User", ["ALL"]), ["ALL"]);
  deepEqual(
    ["User_Alias A = b", "Users ALL = ALL", "Cmnd_Alias\tA = b"].map(definesAliases),
    [true, false, true],
  );
  equal(separated("").length, 0);
});
