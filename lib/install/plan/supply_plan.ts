import { ExitCode } from "../../machine/exit_code.ts";
import { isOffline } from "../../machine/hardware/network_state.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { amount } from "../../layout/amount.ts";
import { counted, someOf } from "../../layout/counted.ts";
import { sign, style } from "../../layout/style.ts";
import type { Context } from "../../machine/context.ts";
import { isUsable } from "../../nix/store/binary_cache.ts";
import type { Supply, SupplyRequest } from "../../nix/store/supply.ts";
import type { Source } from "../source/source.ts";
import type { Plan, PlanQuestion } from "./plan.ts";

/**
 * Whether a plan looks for what the build takes: it costs seconds, and matters where there is no network
 * or a stick's cache. Caches of one's own are for root, and a mounted machine's store is another one.
 */
export function supplyRequest(
  ctx: Context,
  source: Source | undefined,
): SupplyRequest | undefined {
  const cache = isUsable(source?.cache) ? source.cache : undefined;
  const offline = isOffline(ctx);
  if (Deno.uid() !== 0 || !ctx.root.isRunning || !offline && cache === undefined) return undefined;
  return { cache, asks: !offline };
}

/** Whether it was looked at with success. */
export function isKnown(supply: Plan["supply"]): supply is Supply {
  return supply !== undefined && "derivation" in supply;
}

/** Without a network what is lacking is lacking for good. */
export function supplyBlockers(supply: Plan["supply"], host: string): ToolError[] {
  if (!isKnown(supply) || supply.asked || supply.lacking.length === 0) return [];
  return [
    new ToolError(`this machine has no network, and ${lackingText(supply)}`, {
      code: ExitCode.Network,
      hint: stickHint(supply, host),
    }),
  ];
}

/** A network that does not lead to the caches may still lead to what packages are made from. */
export function supplyQuestions(supply: Plan["supply"], host: string): PlanQuestion[] {
  if (!isKnown(supply) || supply.lacking.length === 0) return [];
  if (supply.silent === undefined) return [];
  return [{
    found: `a cache of this machine does not answer, and ${lackingText(supply)}`,
    details: [supply.silent],
    ask: "Build them here, from what the network gives?",
    hint: stickHint(supply, host),
  }];
}

function lackingText({ lacking }: Supply): string {
  const are = lacking.length === 1 ? "is" : "are";
  return `${
    counted(lacking.length, "package")
  } of the new system ${are} neither in its store nor ` +
    `on a stick: ${someOf(lacking)}`;
}

function stickHint({ derivation }: Supply, host: string): string {
  return "make a stick from this plan (docs/offline.md). Here: " +
    `nix-store --export $(nix-store -qR ${derivation}) | gzip > ${host}.plan; then, where a network ` +
    `is, in a checkout of Hyper-NixOS: deno task usb -- KIT --with-plan ${host}.plan`;
}

/** What the build takes, for the plan. */
export function supplyLines(supply: Plan["supply"]): string[] {
  if (supply === undefined) return [];
  if (!isKnown(supply)) {
    return [`${style.yellow(sign.warn)} what the build takes is not known: ${supply.unknown}`];
  }
  const { carried, fetched, lacking } = supply;
  const gives = (paths: number, bytes: number) =>
    `gives ${counted(paths, "store path")}, ${amount(bytes)}`;
  return [
    ...(carried.paths > 0 ? [`it ${gives(carried.paths, carried.bytes)}`] : []),
    ...(fetched.names.length > 0
      ? [`the network ${gives(fetched.names.length, fetched.bytes)}: ${someOf(fetched.names)}`]
      : []),
    ...(lacking.length > 0
      ? [
        `${style.yellow(sign.warn)} ${
          counted(lacking.length, "package")
        } in no cache that was asked: ` +
        someOf(lacking),
      ]
      : []),
    ...(lacking.length + fetched.names.length === 0
      ? [`${style.green(sign.pass)} nothing is lacking: the build needs no network`]
      : []),
  ];
}
