import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { cardsOf, interfaceOf } from "./network/addresses.ts";
import { type Naming, namings } from "./network/interface_naming.ts";
import type { Device } from "./machine_now.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

/**
 * Whether interfaces that are configured by name keep their names: no rule that gives one goes, and no
 * new one may give the session's card another.
 */
export function proveInterfaceNames(question: ProofQuestion): Verdict[] {
  const { before, after } = question;
  const what = "interfaces keep their names";
  const [then, next] = [before === undefined ? [] : namings(before), namings(after)];
  const refuse = (why: string, remedy: string) => [fails("interface-names", what, why, remedy)];
  const cards = cardsNow(question);
  const stays = ({ key }: Naming) => next.some((one) => one.key === key);
  const lost = then.find((one) => !stays(one) && names(one, cards, next));
  if (lost !== undefined) {
    return refuse(
      `a rule that names one would be gone: ${lost.what}`,
      lost.what.endsWith(".link")
        ? "systemd.network.links, as in your present configuration"
        : "services.udev.extraRules, as in your present configuration",
    );
  }
  const fresh = next.filter((one) => !then.some(({ key }) => key === one.key));
  for (const card of cards) {
    const other = fresh.find((one) => one.name !== card.name && one.concerns(card));
    if (other !== undefined) {
      return refuse(
        `${card.name} may get another: ${other.what} is not there now`,
        `let it name one card by its hardware address, or give ${card.name} this name`,
      );
    }
    const taken = fresh.find((one) => one.name === card.name && !one.concerns(card));
    if (taken !== undefined) {
      return refuse(
        `another card would get the name ${card.name}: ${taken.what} is not there now`,
        "another name",
      );
    }
  }
  if (before === undefined || predictable(before) === predictable(after)) return [];
  return refuse(
    "the way they are named changes, and addresses belong to names",
    `networking.usePredictableInterfaceNames = ${predictable(before)};`,
  );
}

/** NixOS's option, or its kernel parameter where somebody sets that alone. */
function predictable({ network, boot }: ConfigurationFacts): boolean {
  return (network.usePredictableInterfaceNames ?? true) &&
    !boot.kernelParams.includes("net.ifnames=0");
}

/** Whether a card loses its name with this; any rule of udev counts, a .link only for the session's cards. */
function names(lost: Naming, cards: readonly Device[], next: readonly Naming[]): boolean {
  if (!lost.what.endsWith(".link")) return true;
  return cards.some((card) =>
    lost.name === card.name && lost.concerns(card) &&
    !next.some((one) => one.name === card.name && one.concerns(card))
  );
}

/** The cards that the session comes in through; all where that is not known. */
function cardsNow({ before, now, address }: ProofQuestion): Device[] {
  const device = address === undefined ? undefined : interfaceOf(now, address);
  const isCard = ({ kind = "card" }: { kind?: string }) => kind === "card" || kind === "wireless";
  const cards = now.interfaces.filter((one) => isCard(one) && one.name !== "lo");
  const own = now.interfaces.find(({ name }) => name === device);
  if (own !== undefined && cards.includes(own)) return [own];
  const below = device === undefined || before === undefined ? [] : cardsOf(before.network, device)
    .filter((name) => name !== device)
    .map((name) => cards.find((one) => one.name === name) ?? { name });
  return below.length > 0 ? below : cards;
}
