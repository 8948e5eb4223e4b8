/** What a plan warns of, in words. */
import { deepEqual, match } from "node:assert/strict";
import type { CarriedUser } from "../../../lib/install/carry/carry_users.ts";
import { newAdministrators, volatileWarnings } from "../../../lib/install/plan/plan_warnings.ts";

import { configurationFacts } from "../../support/facts.ts";

const gaining = (name: string, ...added: string[]) =>
  ({ account: { name }, added }) as unknown as CarriedUser;

Deno.test("newAdministrators() names in one line all who get wheel", () => {
  const rest = "wheel, and can then become root with a password; --users names those who shall";
  deepEqual(newAdministrators([gaining("ana", "kvm")]), []);
  deepEqual(newAdministrators([gaining("ana", "wheel"), gaining("bob")]), [`ana gets ${rest}`]);
  deepEqual(
    newAdministrators(["ana", "bob", "eve"].map((name) => gaining(name, "kvm", "wheel"))),
    [`ana, bob, eve get ${rest}`],
  );
  // A whole school: their names are in the table of users, or in --json.
  const pupils = Array.from({ length: 300 }, (_, index) => gaining(`pupil${index}`, "wheel"));
  deepEqual(newAdministrators(pupils), [
    `pupil0, pupil1, pupil2, pupil3, pupil4 and 295 more get ${rest}`,
  ]);
});

Deno.test("volatileWarnings() names what a restart would empty, and nothing that is kept", () => {
  const on = (...mounts: [mountPoint: string, fsType: string][]) =>
    volatileWarnings(configurationFacts((facts) => {
      facts.fileSystems = mounts.map(([mountPoint, fsType]) => ({
        mountPoint,
        fsType,
        device: "none",
        options: [],
        neededForBoot: true,
      }));
    }));
  deepEqual(on(["/", "ext4"]), []);
  match(on(["/", "tmpfs"], ["/nix", "btrfs"])[0]!, /\/etc\/hypervisor and \/var\/lib\/hyper-nixos/);
  match(on(["/", "tmpfs"], ["/var/lib", "none"])[0]!, /empties \/etc\/hypervisor:/);
  deepEqual(on(["/", "tmpfs"], ["/etc/hypervisor", "none"], ["/var/lib", "none"]), []);
});
