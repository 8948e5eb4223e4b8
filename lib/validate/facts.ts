import { type Accounts, readAccounts } from "../machine/accounts/accounts.ts";
import { exists } from "../machine/files/files.ts";
import { type Hardware, readHardware } from "../machine/hardware/hardware.ts";
import { type HostRecord, usableHostRecord } from "../machine/host_record.ts";
import { type Mount, readMounts } from "../machine/hardware/mounts.ts";
import { places } from "../machine/places.ts";
import type { ConfigurationFacts } from "../nix/evaluation/configuration_facts.ts";
import { hostsOf } from "../nix/flakes/flake_hosts.ts";
import { asHostFlake, hostReference } from "../nix/expressions/host_flake.ts";
import { type FlakeReference, resolveFlake } from "../nix/flakes/flake_reference.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";

/** Evaluating a host takes seconds; one that takes longer than this (ms) is not waited for. */
const EVALUATION_TIMEOUT = 180_000;

/** Why a check has nothing to look at; the reason itself is another check's to judge. */
export class NotLookedAt extends Error {}

/** What several checks need: read once, when the first one asks. Members throw as reading does. */
export class Facts {
  constructor(private readonly ctx: Context) {}

  readonly accounts: () => Accounts = once(() => readAccounts(this.ctx));
  readonly hardware: () => Hardware = once(() => readHardware(this.ctx));
  readonly mounts: () => Mount[] = once(() => readMounts(this.ctx));

  /**
   * The accounts with what is known of their passwords.
   * @throws Deno.errors.PermissionDenied where /etc/shadow may not be read, NotLookedAt where it cannot be
   */
  requireShadow(): Accounts {
    const accounts = this.accounts();
    if (accounts.accounts.length === 0) throw new NotLookedAt("/etc/passwd names nobody");
    if (accounts.shadowReadable) return accounts;
    const reason = accounts.warnings.find((warning) => warning.startsWith("/etc/shadow cannot"));
    if (reason?.endsWith("permission denied")) {
      throw new Deno.errors.PermissionDenied("'/etc/shadow'");
    }
    throw new NotLookedAt(reason ?? "there is no /etc/shadow");
  }

  /** @throws NotLookedAt where nothing is installed: one check says so, the others need not fail one by one */
  requireInstalled(): void {
    if (exists(this.ctx.root.follow(places.hypervisor))) return;
    throw new NotLookedAt("Hyper-NixOS is not installed here");
  }

  /** @throws NotLookedAt where there is no source tree at all */
  requireSource(): void {
    const flake = `${places.source}/flake.nix`;
    if (!exists(this.ctx.root.follow(flake))) throw new NotLookedAt(`there is no ${flake}`);
  }

  /** The host that this machine is; undefined when no host.json names it. */
  readonly host: () => HostRecord | undefined = once(() => usableHostRecord(this.ctx));

  /** What every tool builds this machine from, whatever git knows of it (etckeeper). */
  readonly flake: () => FlakeReference = once(() =>
    asHostFlake(this.ctx, resolveFlake(this.ctx, hostReference(this.ctx)))
  );

  /** The NixOS hosts of the flake. Evaluates. */
  readonly hosts: () => Promise<string[]> = once(() =>
    hostsOf(this.ctx, this.flake(), { timeout: EVALUATION_TIMEOUT })
  );

  /** The evaluated configuration of this host; undefined when there is no such host. Evaluates. */
  readonly configuration: () => Promise<ConfigurationFacts | undefined> = once(async () => {
    const host = this.host();
    if (host === undefined || !(await this.hosts()).includes(host.hostName)) return undefined;
    const source = { kind: "flake" as const, flake: this.flake(), host: host.hostName };
    const { readConfiguration } = await import("../nix/evaluation/read_configuration.ts");
    return await readConfiguration(this.ctx, source, { timeout: EVALUATION_TIMEOUT });
  });

  /**
   * The evaluated configuration, for who only needs it.
   * @throws NotLookedAt where it cannot be had: the reason is another check's to tell
   */
  async evaluated(): Promise<ConfigurationFacts> {
    this.requireSource();
    const failed = (error: unknown) => {
      if (!(error instanceof ToolError)) throw error;
      throw new NotLookedAt("the configuration cannot be evaluated");
    };
    const found = await this.configuration().catch(failed);
    if (found === undefined) throw new NotLookedAt("the flake has no host for this machine");
    return found;
  }
}

/** Calls at most once; an error is thrown again to everyone who asks. */
function once<T>(read: () => T): () => T {
  let result: { value: T } | { error: unknown } | undefined;
  return () => {
    if (result === undefined) {
      try {
        result = { value: read() };
      } catch (error) {
        result = { error };
      }
    }
    if ("error" in result) throw result.error;
    return result.value;
  };
}
