import assert from "node:assert/strict";
import { carryIdentity, carryLocale } from "../../../lib/install/carry/carry_system.ts";
import { EVALUATED, optionPath, type Setting } from "../../../lib/install/carry/setting.ts";
import type { LocaleSettings } from "../../../lib/machine/locale.ts";
import { configurationFacts } from "../../support/facts.ts";

const RUNNING: LocaleSettings = {
  timeZone: "Asia/Kathmandu",
  locale: "de_DE.UTF-8",
  categories: { LC_TIME: "en_DK.UTF-8" },
  keyMap: "de-latin1",
  font: undefined,
};

function carried(settings: readonly Setting[]): Record<string, [unknown, string]> {
  return Object.fromEntries(settings.map((one) => [optionPath(one), [one.value, one.source]]));
}

Deno.test("carryLocale() says what the configuration says, else what runs, and where it was found", () => {
  const silent = configurationFacts((f) => {
    Object.assign(f, { timeZone: null, consoleKeyMap: null, consoleFont: null });
    f.defaultLocale = "en_US.UTF-8";
    f.extraLocaleSettings = { LC_PAPER: "de_DE.UTF-8" };
    f.supportedLocales = [
      "C.UTF-8/UTF-8",
      "en_US.UTF-8/UTF-8",
      "de_DE.UTF-8/UTF-8",
      "fr_FR/ISO-8859-1",
    ];
    f.xkbLayout = "us";
  });
  const evaluated = carried(carryLocale(silent, RUNNING));
  // timedatectl's zone: a configuration that names none leaves it to it (NixOS manual, time.timeZone).
  assert.deepEqual(evaluated["time.timeZone"], ["Asia/Kathmandu", "/etc/localtime"]);
  assert.deepEqual(evaluated["i18n.defaultLocale"], ["en_US.UTF-8", EVALUATED]);
  assert.deepEqual(evaluated["i18n.extraLocaleSettings.LC_PAPER"], ["de_DE.UTF-8", EVALUATED]);
  assert.equal(evaluated["i18n.extraLocaleSettings.LC_TIME"], undefined);
  assert.deepEqual(evaluated["i18n.supportedLocales"], [["fr_FR/ISO-8859-1"], EVALUATED]);
  assert.equal(evaluated["services.xserver.xkb.layout"], undefined);

  const running = carried(carryLocale(undefined, RUNNING));
  assert.deepEqual(running, {
    "time.timeZone": ["Asia/Kathmandu", "/etc/localtime"],
    "i18n.defaultLocale": ["de_DE.UTF-8", "/etc/locale.conf"],
    "i18n.extraLocaleSettings.LC_TIME": ["en_DK.UTF-8", "/etc/locale.conf"],
    "console.keyMap": ["de-latin1", "/etc/vconsole.conf"],
  });
});

Deno.test("carryIdentity() leaves out what nothing says", () => {
  const name = { value: "host", source: "--hostname" };
  assert.deepEqual(Object.keys(carried(carryIdentity(name, undefined, undefined))), [
    "networking.hostName",
  ]);
  const facts = configurationFacts((f) => {
    Object.assign(f, { domain: "example.org", hostId: "deadbeef" });
  });
  const version = { value: "16.09", source: "configuration.nix" };
  assert.deepEqual(carried(carryIdentity(name, version, facts)), {
    "networking.hostName": ["host", "--hostname"],
    "system.stateVersion": ["16.09", "configuration.nix"],
    "networking.domain": ["example.org", EVALUATED],
    "networking.hostId": ["deadbeef", EVALUATED],
  });
});
