import { crowdCase } from "./kinds/crowd.ts";
import { fullDiskCase } from "./kinds/full_disk.ts";
import { hostileDiskCase } from "./kinds/hostile_disk.ts";
import { hostileUserCase } from "./kinds/hostile_user.ts";
import { installCase } from "./kinds/install.ts";
import { mendCase } from "./kinds/mend.ts";
import { readingCase } from "./kinds/reading.ts";
import { syncCase } from "./kinds/sync.ts";
import { togetherCase } from "./kinds/together.ts";
import { updateCase } from "./kinds/update.ts";
import { Random } from "./random.ts";
import type { Trial } from "./trial.ts";
import type { Workshop } from "./workshop.ts";

/** What a kind of case cannot do without. */
export type Requirement = "root" | "nix" | "namespaces";

/** A kind of case. */
export interface Kind {
  readonly name: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  readonly needs: readonly Requirement[];
  readonly run: (trial: Trial, workshop: Workshop) => Promise<void>;
}

/** All kinds; cheap ones are drawn often. */
export const KINDS: readonly Kind[] = [
  { name: "sync", weight: 60, needs: ["root"], run: syncCase },
  { name: "reading", weight: 12, needs: [], run: readingCase },
  { name: "together", weight: 12, needs: ["root"], run: togetherCase },
  { name: "full-disk", weight: 8, needs: ["root", "namespaces"], run: fullDiskCase },
  { name: "hostile-disk", weight: 8, needs: ["root", "nix", "namespaces"], run: hostileDiskCase },
  { name: "hostile-user", weight: 6, needs: ["root", "nix", "namespaces"], run: hostileUserCase },
  { name: "install", weight: 4, needs: ["root", "nix", "namespaces"], run: installCase },
  { name: "update", weight: 2, needs: ["root", "nix", "namespaces"], run: updateCase },
  { name: "mend", weight: 1, needs: ["root", "nix", "namespaces"], run: mendCase },
  { name: "crowd", weight: 1, needs: ["root", "nix", "namespaces"], run: crowdCase },
];

/** The kind that a seed means. The first draw of every case decides it. */
export function kindOf(seed: number): Kind {
  return new Random(seed).weighted(KINDS.map((kind) => [kind.weight, kind] as const));
}
