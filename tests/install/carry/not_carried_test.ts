/** What a host without the owner's configuration lacks: what counts as carried, and how it is shown. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { withoutCarried } from "../../../lib/install/carry/not_carried.ts";
import { notCarriedText } from "../../../lib/install/plan/not_carried_text.ts";
import { override } from "../../../lib/install/carry/setting.ts";
import { testContext } from "../../support/context.ts";

const said = (option: string, value: unknown = true, files = ["/etc/nixos/configuration.nix"]) => ({
  option: option.split("."),
  value,
  files,
});
const text = (settings: ReturnType<typeof said>[], all = false, unreadable: string[] = []) =>
  notCarriedText(testContext(), { settings, unreadable }, 80, all);

Deno.test("withoutCarried() leaves out what another option beside it says", () => {
  const settings = [
    said("users.users.ana.hashedPassword"),
    said("users.users.bob.hashedPassword"),
    said("boot.loader.grub.device"),
    said("services.disk.device"),
  ];
  const carried = [
    override("users.users.ana.hashedPasswordFile", "/x", "/etc/passwd"),
    override("boot.loader.grub.devices", ["/dev/vda"], "evaluated"),
  ];
  const left = withoutCarried({ settings, unreadable: ["a"] }, carried);
  deepEqual(left, { settings: [settings[1], settings[3]], unreadable: ["a"] });
});

Deno.test("withoutCarried() knows networkd's files by the options that they are made of", () => {
  const settings = [
    said("systemd.network.networks.lan.matchConfig.Name", "eth0"),
    said("systemd.network.networks.wan.matchConfig.Name", "eth1"),
    said("systemd.network.wait-online.anyInterface"),
  ];
  const carried = [{
    ...override("x", "[Match]", "evaluated"),
    option: ["systemd", "network", "units", "lan.network", "text"],
  }];
  const left = withoutCarried({ settings, unreadable: [] }, carried);
  deepEqual(left.settings, settings.slice(1));
});

Deno.test("notCarriedText() takes at most a screen, and shows everything when asked to", () => {
  const settings = Array.from(
    { length: 60 },
    (_, index) =>
      said(`services.s${index}.text`, "long ".repeat(40), [`/etc/nixos/${index % 2}.nix`]),
  );
  const short = text(settings);
  ok(short.split("\n").length <= 24, short);
  const shown = settings.filter(({ option }) => short.includes(`${option.join(".")} `)).length;
  match(short, new RegExp(`${60 - shown} more: --verbose`));
  const all = text(settings, true);
  ok(settings.every(({ option }) => all.includes(option.join("."))));
  doesNotMatch(all, /more: --verbose|…/);
});

Deno.test("notCarriedText() says what is not known, and shows no secret and no escape sequence", () => {
  const hostile = text([said("a.b", "password = letmein\x1b[2J")], true, ["c.d"]);
  doesNotMatch(hostile, /letmein/);
  const byName = text([said("services.db.password", "letmein"), said("wifi", { psk: "letmein" })]);
  doesNotMatch(byName, /letmein/);
  ok(!hostile.includes("\x1b"));
  match(hostile, /could not be read, and may be missing: c\.d/);
  match(text([]), /all that your files say is in the new host/);
  doesNotMatch(text([], false, ["c.d"]), /all that your files say/);
  const unknown = notCarriedText(testContext(), { unknown: "no network" }, 200, false);
  match(unknown, /is not carried over, and could not be listed: no network/);
  equal(unknown.split("\n").length, 1);
});

Deno.test("notCarriedText() names the owner's module of a published tree, which has no --keep-config", () => {
  const found = { settings: [said("services.a.enable")], unreadable: [] };
  const shown = notCarriedText(testContext(), found, 200, false, "published");
  match(shown, /put into \/etc\/hypervisor\/host\/local\.nix what is still wanted/);
  doesNotMatch(shown, /keep-config/);
  match(text([said("services.a.enable")]), /without --no-keep-config/);
});
