/** What is about to be activated. */
export interface Activating {
  readonly action: "test" | "switch" | "boot";
  /** Undefined on a mounted machine, where nixos-install builds and installs in one go. */
  readonly toplevel: string | undefined;
}

/**
 * What a caller does at the turning points of `rebuildSystem`. Each is waited for, and what it throws
 * ends the flow there.
 */
export interface RebuildHooks {
  /** The system was built and nothing else was done; on a mounted machine it was installed too. */
  readonly built?: () => void | Promise<void>;
  /** Every check has passed, and the activation begins as soon as this returns. */
  readonly activating?: (activating: Activating) => void | Promise<void>;
  /** The activation has ended, however it did. */
  readonly activated?: (activated: Activating) => void | Promise<void>;
}
