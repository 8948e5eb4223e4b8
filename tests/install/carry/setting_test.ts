import { deepEqual, equal } from "node:assert/strict";
import {
  firstFound,
  force,
  merge,
  optionPath,
  override,
  toAttributeSet,
  weak,
} from "../../../lib/install/carry/setting.ts";
import { mkOverride } from "../../../lib/nix/expressions/expression.ts";

Deno.test("toAttributeSet() nests options, each with the priority of how it is meant", () => {
  deepEqual(
    toAttributeSet([
      override("time.timeZone", "UTC", "here"),
      force("networking.hostName", "vmhost", "here"),
      weak("networking.useDHCP", true, "here"),
      merge("networking.firewall.allowedTCPPorts", [22], "here"),
    ]),
    {
      time: { timeZone: mkOverride(60, "UTC") },
      networking: {
        hostName: mkOverride(40, "vmhost"),
        useDHCP: mkOverride(1200, true),
        firewall: { allowedTCPPorts: [22] },
      },
    },
  );
});

Deno.test("firstFound() passes over what is empty, and keeps false and 0", () => {
  deepEqual(firstFound<string>([null, "a"], ["", "b"], ["x", "c"]), { value: "x", source: "c" });
  deepEqual(firstFound<boolean>([undefined, "a"], [false, "b"]), { value: false, source: "b" });
  deepEqual(firstFound<number>([0, "a"]), { value: 0, source: "a" });
  equal(firstFound<string>([null, "a"]), undefined);
});

Deno.test("optionPath() quotes what is no identifier", () => {
  equal(optionPath({ option: ["fileSystems", "/boot", "device"] }), 'fileSystems."/boot".device');
});
