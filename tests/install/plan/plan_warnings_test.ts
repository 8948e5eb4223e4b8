/** What a plan warns of, in words. */
import { deepEqual } from "node:assert/strict";
import type { CarriedUser } from "../../../lib/install/carry/carry_users.ts";
import { newAdministrators } from "../../../lib/install/plan/plan_warnings.ts";

const gaining = (name: string, ...added: string[]) =>
  ({ account: { name }, added }) as unknown as CarriedUser;

Deno.test("newAdministrators() names in one line all who get wheel", () => {
  const rest = "wheel, and can then become root with a password; --users names those who shall";
  deepEqual(newAdministrators([gaining("ana", "kvm")]), []);
  deepEqual(newAdministrators([gaining("ana", "wheel"), gaining("bob")]), [`ana gets ${rest}`]);
  deepEqual(
    newAdministrators(["ana", "bob", "eve"].map((name) => gaining(name, "kvm", "wheel"))),
    [`ana, bob and eve get ${rest}`],
  );
});
