import { failedUnits, restartingUnits } from "../../nix/activation/failed_units.ts";
import { machineHas } from "../../machine/files/machine_files.ts";
import { CommandError } from "../../machine/run.ts";
import { commandLine } from "../../machine/shell_words.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, denied, fail, type Finding, pass, skip, some, warn } from "../check.ts";
import { type Facts, NotLookedAt } from "../facts.ts";
import { isTurnedOff } from "../module_choice.ts";

const TIMEOUT = 10_000;
/** The modular daemons and the monolithic one (libvirt's documentation, "Daemons"). */
const LIBVIRT = ["libvirtd.service", "libvirtd.socket", "virtqemud.service", "virtqemud.socket"];
/** What has to run on every host; of each line, one. */
const ESSENTIAL = [
  ["nix-daemon.socket", "nix-daemon.service"],
  ["dbus.service", "dbus-broker.service"],
  ["sshd.service", "sshd.socket"],
];

/** What systemd and libvirt say of themselves. */
export const serviceChecks = checksOf("System Services", [
  {
    id: "essential-services",
    title: "essential services",
    check: services,
  },
  {
    id: "libvirtd-unit",
    title: "libvirt service",
    check: libvirtUnit,
  },
  {
    id: "libvirtd-answers",
    title: "libvirt answers",
    check: libvirtAnswers,
  },
  {
    id: "failed-units",
    title: "failed units",
    severity: "warning",
    check: failed,
  },
  {
    id: "time-synchronised",
    title: "clock",
    severity: "warning",
    check: clock,
  },
]);

/** @throws NotLookedAt where systemd cannot be asked */
function requireSystemd(ctx: Context, command: string): void {
  requireRunning(ctx);
  if (!machineHas(ctx, "/run/systemd/system")) throw new NotLookedAt("systemd does not run here");
  requireCommand(ctx, command);
}

function requireRunning({ root }: Context): void {
  if (!root.isRunning) throw new NotLookedAt(`the machine at ${root.path} does not run`);
}

/** @throws NotLookedAt where nothing is installed, and where the owner runs guests by other means (incus) */
function requireLibvirt(ctx: Context, facts: Facts): void {
  facts.requireInstalled();
  if (!isTurnedOff(ctx, ["libvirtd.service", "virtqemud.service"])) return;
  throw new NotLookedAt("the configuration turns libvirt off (virtualisation.libvirtd.enable)");
}

function requireCommand({ run }: Context, command: string): void {
  if (!run.which(command)) throw new NotLookedAt(`${command} was not found`);
}

/** States in which a unit does its work; it is reloaded at every activation (systemd's D-Bus, ActiveState). */
const UP = new Set(["active", "reloading", "refreshing"]);

/**
 * ActiveState of the units that systemd knows, `masked` for those that are turned off, `broken` for those
 * that it cannot load; systemctl(1), show.
 */
async function unitStates(ctx: Context, units: readonly string[]): Promise<Map<string, string>> {
  const properties = "--property=Id,LoadState,ActiveState";
  const { stdout } = await ctx.run("systemctl", ["show", properties, ...units], {
    timeout: TIMEOUT,
  });
  const states = new Map<string, string>();
  let unit: Record<string, string> = {};
  for (const line of stdout.split("\n")) {
    const [name, ...value] = line.split("=");
    // Some releases separate units by an empty line, and all begin one with its Id.
    if (name === "Id") unit = {};
    if (name) unit[name] = value.join("=");
    const { Id, LoadState, ActiveState } = unit;
    if (!Id || !ActiveState || !LoadState || LoadState === "not-found") continue;
    const known = LoadState === "loaded" || UP.has(ActiveState);
    states.set(Id, known ? ActiveState : LoadState === "masked" ? LoadState : "broken");
  }
  return states;
}

async function services(ctx: Context): Promise<Finding> {
  requireSystemd(ctx, "systemctl");
  const states = await unitStates(ctx, ESSENTIAL.flat());
  const isUp = (unit: string) => UP.has(states.get(unit) ?? "");
  // A service that is masked is turned off on purpose: a host without sshd.
  const known = ESSENTIAL.map((units) =>
    units.filter((unit) => states.has(unit) && states.get(unit) !== "masked")
  ).filter((units) => units.length > 0);
  if (known.length === 0) return skip("systemd knows none of them");
  const down = known.filter((units) => !units.some(isUp)).map((units) => units[0]!);
  return down.length === 0
    ? pass(known.map((units) => units.find(isUp)!).join(", "))
    : fail(`not running: ${down.join(", ")}`, `systemctl status ${down.join(" ")}`, down);
}

async function libvirtUnit(ctx: Context, facts: Facts): Promise<Finding> {
  requireSystemd(ctx, "systemctl");
  requireLibvirt(ctx, facts);
  const states = await unitStates(ctx, LIBVIRT);
  if (states.size === 0) {
    return fail("no libvirt service is installed", "rebuild-helper switch; the module sets it up");
  }
  // A socket waits on for a service that fails at each start.
  const hasFailed = (unit: string) => states.get(unit.replace(".socket", ".service")) === "failed";
  const active = LIBVIRT.find((unit) => UP.has(states.get(unit) ?? "") && !hasFailed(unit));
  if (active) return pass(`${active} is active`);
  const known = LIBVIRT.filter((unit) => states.has(unit) && states.get(unit) !== "masked");
  const unit = known.find((unit) => states.get(unit) === "failed") ?? known[0];
  if (unit === undefined) {
    const masked = LIBVIRT.filter((unit) => states.has(unit));
    return fail(
      `turned off: ${masked.join(", ")}`,
      `systemctl unmask ${masked[0]}, where it was masked by hand; ` +
        "else virtualisation.libvirtd.enable = true; and rebuild-helper switch",
    );
  }
  return fail(
    `${unit} is ${states.get(unit)}`,
    `systemctl start ${unit}; journalctl -b -u ${unit}`,
  );
}

async function libvirtAnswers(ctx: Context, facts: Facts): Promise<Finding> {
  requireRunning(ctx);
  requireLibvirt(ctx, facts);
  requireCommand(ctx, "virsh");
  const args = ["--connect", "qemu:///system", "uri"];
  const remedy = "journalctl -b -u libvirtd -u virtqemud";
  try {
    const { code, stderr } = await ctx.run("virsh", args, { accept: "any", timeout: TIMEOUT });
    if (code === 0) return pass("qemu:///system answers");
    if (Deno.uid() !== 0 && /denied|authenticat|polkit/i.test(stderr)) {
      return denied("qemu:///system");
    }
    const reason = stderr.trim().split("\n").at(-1) || `virsh ended with ${code}`;
    return fail(`qemu:///system does not answer: ${reason}`, remedy);
  } catch (error) {
    if (!(error instanceof CommandError) || !error.result.timedOut) throw error;
    return fail(`qemu:///system does not answer within ${TIMEOUT / 1000} s`, remedy);
  }
}

async function failed(ctx: Context): Promise<Finding> {
  requireSystemd(ctx, "systemctl");
  const state = await ctx.run("systemctl", ["is-system-running"], {
    accept: "any",
    timeout: TIMEOUT,
  });
  const word = state.stdout.trim();
  if (word === "" || word === "offline" || word === "unknown") {
    return skip("systemd does not answer");
  }
  // One that systemd starts again and again never counts as failed.
  const units = (await Promise.all([failedUnits(ctx), restartingUnits(ctx)])).flat();
  if (units.length === 0 && word === "degraded") {
    return skip("systemd says that units have failed, and does not name them: systemctl --failed");
  }
  return units.length === 0 ? pass(`none, the system is ${word}`) : warn(
    some(units),
    `${commandLine("systemctl", ["status", units[0]!])}; ${
      commandLine("journalctl", ["-b", "-u", units[0]!])
    }`,
    units,
  );
}

async function clock(ctx: Context): Promise<Finding> {
  requireSystemd(ctx, "timedatectl");
  const args = ["show", "--property=NTPSynchronized", "--value"];
  const { code, stdout } = await ctx.run("timedatectl", args, { accept: "any", timeout: TIMEOUT });
  const word = stdout.trim();
  if (code !== 0 || (word !== "yes" && word !== "no")) return skip("timedatectl does not say");
  return word === "yes" ? pass("synchronised") : warn(
    "the time is not synchronised: certificates and logs may go wrong",
    "timedatectl; where nothing sets the clock: services.timesyncd.enable = true;",
  );
}
