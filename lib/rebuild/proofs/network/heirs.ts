import type { Device, MachineNow } from "../machine_now.ts";
import { enslavedTo, madeDevice, masterOf } from "./network_units.ts";
import type { ProofQuestion } from "../proof_question.ts";

/**
 * What will be in the place of an interface: itself, or the bridge or bond that it becomes part of; in that
 * of a bridge without its cards what those are part of then.
 */
export function heirs({ before, after, now }: ProofQuestion, device: string): Device[] {
  const card = cardNow(now, device);
  const known = (name: string) =>
    now.interfaces.find((one) => one.name === name) ?? madeDevice(after.network, name);
  const [then, next] = [
    before && enslavedTo(before.network, device),
    enslavedTo(after.network, device),
  ];
  if (then !== undefined && then.length > 0) {
    return next.some((name) => then.includes(name))
      ? [card]
      : then.map((name) => known(masterOf(after.network, cardNow(now, name))));
  }
  const master = masterOf(after.network, card);
  return master === device || before && master === masterOf(before.network, card)
    ? [card]
    : [known(master)];
}

/** An interface as it is, or by its name alone. */
export function cardNow(now: MachineNow, device: string): Device {
  return now.interfaces.find(({ name }) => name === device) ?? { name: device };
}
