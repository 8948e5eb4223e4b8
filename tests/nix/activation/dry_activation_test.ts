import { deepEqual } from "node:assert/strict";
import { parseDryActivation } from "../../../lib/nix/activation/dry_activation.ts";
import { unitsOfGuests } from "../../../lib/rebuild/activation/guests.ts";

const output = `would stop the following units: old.service, br0-netdev.service
would NOT stop the following changed units: getty@tty1.service
would activate the configuration...
would reload the following units: dbus.service
would restart the following units: libvirtd.service, sshd.service
would start the following units: libvirt-guests.service
`;

Deno.test("parseDryActivation() reads the units by what would be done to them", () => {
  deepEqual(parseDryActivation(output), {
    stop: ["old.service", "br0-netdev.service"],
    restart: ["libvirtd.service", "sshd.service"],
  });
});

Deno.test("unitsOfGuests() finds libvirt's units and bridges among what stops or restarts", () => {
  const dry = parseDryActivation(output);
  deepEqual(unitsOfGuests(dry, ["br0"]), ["br0-netdev.service", "libvirtd.service"]);
  deepEqual(unitsOfGuests(dry, []), ["libvirtd.service"]);
});
