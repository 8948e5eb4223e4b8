import { examineGround } from "../../lib/install/plan/ground.ts";
import { decide } from "../../lib/install/plan/decide.ts";
import type { MachineReading } from "../../lib/install/plan/machine_reading.ts";
import { makePlan } from "../../lib/install/plan/make_plan.ts";
import type { InstallOptions } from "../../lib/install/options.ts";
import type { Plan } from "../../lib/install/plan/plan.ts";
import type { Context } from "../../lib/machine/context.ts";

/** The plan of a machine that was read, as a dry run makes it. */
export async function planFor(
  ctx: Context,
  options: InstallOptions,
  reading: MachineReading,
): Promise<Plan> {
  const ground = await examineGround(ctx, options);
  return await makePlan(ctx, options, ground, reading, await decide(ctx, options, reading));
}
